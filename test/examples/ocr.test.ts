import test from 'ava';
import type { ModelServer } from '../../examples/models/server.ts';
import { eventsOf, helloPng, jsonOf, post, startServer } from './model-server.ts';

const HELLO = 'The quick brown fox\njumps over the lazy dog.';
const EVENTS = { headers: { accept: 'text/event-stream' } };

let server: ModelServer;
test.before(async () => {
  server = await startServer();
});
test.after.always(() => server.stop());

const png = helloPng();
const ocr = (image: unknown, options = {}) => post(`${server.url}/ocr`, { image }, options);
const errorOf = async (image: string) => (await jsonOf(await ocr(image))).error;

/** A PNG header that claims a size, and nothing after it. */
function pngOfSize(width: number, height: number): string {
  const bytes = Buffer.from(png.subarray(0, 64));
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return bytes.toString('base64');
}

/** The first segments of a JPEG: JFIF, and the frame header with the size. */
function jpegOfSize(width: number, height: number): string {
  const jfif = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
  const frame = Buffer.from('ffc00011080000000003012200021101031101', 'hex');
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  return Buffer.concat([jfif, frame]).toString('base64');
}

test('the text of a picture is read exactly', async (t) => {
  const response = await ocr(png.toString('base64'));
  t.is(response.status, 200);
  const { text, confidence } = await jsonOf(response);
  t.is(text, HELLO);
  t.true(confidence > 0.9 && confidence <= 1);
});

test('whoever accepts events sees progress rise and then one output', async (t) => {
  const response = await ocr(png.toString('base64'), EVENTS);
  t.is(response.headers.get('content-type'), 'text/event-stream');
  const events = await eventsOf(response);
  const output = events.pop();
  t.is(output?.event, 'output');
  t.is(JSON.parse(output?.data ?? '').text, HELLO);
  const progress = events.map(({ event, data }) => ({ event, ...JSON.parse(data) }));
  t.true(progress.length >= 2);
  t.true(progress.every(({ event, message }) => event === 'progress' && message === 'recognizing text'));
  t.true(progress.every((now, i) => i === 0 || now.progress > progress[i - 1]?.progress));
  t.is(progress.at(-1)?.progress, 1);
});

for (const [garbage, image] of Object.entries({
  'random bytes': Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251)).toString('base64'),
  'nothing at all': '',
  'half a PNG': png.subarray(0, png.length >> 1).toString('base64'),
  'a PNG that ends in its header': png.subarray(0, 40).toString('base64'),
  'a PNG with noise inside': Buffer.concat([png.subarray(0, 60), Buffer.alloc(4000, 'noise')]).toString(
    'base64',
  ),
  'a JPEG of two bytes': Buffer.from([0xff, 0xd8]).toString('base64'),
  'what is not base64': 'not base64!',
  'a number': 7,
  'a picture of 400 megapixels': pngOfSize(20_000, 20_000),
})) {
  for (const [accept, options] of Object.entries({ JSON: {}, events: EVENTS })) {
    test(`${garbage} is refused with 400 to a client that wants ${accept}`, async (t) => {
      const response = await ocr(image, options);
      t.is(response.status, 400);
      t.is(typeof (await jsonOf(response)).error, 'string');
      t.is((await jsonOf(await ocr(png.toString('base64')))).text, HELLO);
    });
  }
}

test('the size in the header decides whether a picture is tried at all', async (t) => {
  t.regex(await errorOf(pngOfSize(5001, 5000)), /pixels/);
  t.regex(await errorOf(jpegOfSize(5001, 5000)), /pixels/);
  t.regex(await errorOf(pngOfSize(5000, 5000)), /cannot be decoded/);
  t.regex(await errorOf(jpegOfSize(5000, 5000)), /cannot be decoded/);
});

test('a body without an image, or with more than one, is refused', async (t) => {
  t.is((await post(`${server.url}/ocr`, {})).status, 400);
  t.is((await post(`${server.url}/ocr`, { image: png.toString('base64'), language: 'deu' })).status, 400);
});

test('pictures sent at once are read one after the other', async (t) => {
  const responses = await Promise.all(Array.from({ length: 6 }, () => ocr(png.toString('base64'))));
  const texts = await Promise.all(responses.map(async (response) => (await jsonOf(response)).text));
  t.deepEqual(texts, Array(6).fill(HELLO));
});

test('clients that hang up, waiting or being served, leave the reader working', async (t) => {
  const gone = new AbortController();
  const calls = Array.from({ length: 5 }, () =>
    ocr(png.toString('base64'), { ...EVENTS, signal: gone.signal }),
  );
  await calls[0];
  gone.abort();
  await Promise.allSettled(calls);
  t.is((await jsonOf(await ocr(png.toString('base64')))).text, HELLO);
});
