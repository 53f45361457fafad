import { HttpError } from './http-json.ts';

/** 438 kB of white PNG were 400 million pixels once, and 1.4 GB of memory. */
const MAX_PIXELS = 25_000_000;

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

interface PictureSize {
  width: number;
  height: number;
}

/** The bytes of a PNG or JPEG of bearable size; 400 otherwise. Whether the rest of it is sound is not checked. */
export function decodePicture(base64: string): Buffer {
  const bytes = Buffer.from(base64, 'base64');
  // Buffer skips what is not base64, so only the way back tells.
  if (bytes.toString('base64') !== base64) throw new HttpError(400, 'image is not base64');
  const size = pictureSize(bytes);
  if (size === null) throw new HttpError(400, 'image is neither a PNG nor a JPEG');
  if (size.width * size.height > MAX_PIXELS) throw new HttpError(400, `image has over ${MAX_PIXELS} pixels`);
  return bytes;
}

/** What the header says, or null if it is not the header of a PNG or JPEG. */
function pictureSize(bytes: Buffer): PictureSize | null {
  return pngSize(bytes) ?? jpegSize(bytes);
}

/** The first chunk of a PNG is IHDR, and begins with width and height. */
function pngSize(bytes: Buffer): PictureSize | null {
  if (bytes.length < 24 || !bytes.subarray(0, 8).equals(PNG_SIGNATURE)) return null;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

/** A JPEG is a row of segments, each with its length; the frame header (SOF0 to SOF15) has the size. */
function jpegSize(bytes: Buffer): PictureSize | null {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    if (isFrameHeader(bytes[at + 1] ?? 0)) {
      return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    }
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return null;
}

/** 0xC0 to 0xCF, but for the tables DHT, JPG and DAC among them. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}
