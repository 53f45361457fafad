import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { type EventStream, openEventStream } from './event-stream.ts';
import { readJson, sendJson } from './http-json.ts';
import { decodePicture } from './picture.ts';
import type { Call, Routes } from './routes.ts';
import type { OnProgress } from './tesseract.ts';
import type { TextReader } from './text-reader.ts';

const OcrRequest = Type.Object(
  { image: Type.String({ minLength: 1, description: 'A PNG or JPEG, in base64' }) },
  { additionalProperties: false },
);
const ocrRequest = Compile(OcrRequest);

/** Plain JSON, or server-sent events for whoever accepts them: `progress` as often as there is some, one `output`. */
export function ocrRoutes(reader: TextReader): Routes {
  return [['POST /ocr', (call) => ocr(call, reader)]];
}

async function ocr(call: Call, reader: TextReader): Promise<void> {
  const { image } = await readJson(call.request, ocrRequest);
  const picture = decodePicture(image);
  if (call.request.headers.accept?.includes('text/event-stream')) return streamReading(call, picture, reader);
  const reading = await reader.read(picture, { signal: call.signal, onProgress: () => undefined });
  sendJson(call.response, 200, reading);
}

/** The stream opens with the first progress: a picture that fails before gets its status, 400, like anybody. */
async function streamReading({ response, signal }: Call, picture: Buffer, reader: TextReader): Promise<void> {
  let stream: EventStream | undefined;
  const open = () => (stream ??= openEventStream(response));
  const onProgress = rising((progress, message) =>
    open().send(JSON.stringify({ progress, message }), 'progress'),
  );
  try {
    const reading = await reader.read(picture, { signal, onProgress });
    open().send(JSON.stringify(reading), 'output');
  } catch (error) {
    if (stream === undefined) throw error;
    stream.send(JSON.stringify({ error: error instanceof Error ? error.message : String(error) }), 'error');
  }
  stream?.end();
}

/** Passes on what is more than the last, in hundredths: Tesseract begins anew with every block of a page. */
function rising(onProgress: OnProgress): OnProgress {
  let last = -1;
  return (progress, message) => {
    const hundredths = Math.round(progress * 100);
    if (hundredths <= last) return;
    last = hundredths;
    onProgress(hundredths / 100, message);
  };
}
