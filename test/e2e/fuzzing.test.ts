import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import * as fc from 'fast-check';
import { Pool } from 'undici';
import { jsonModel, startTestBroker, TOKEN } from '../support/broker.ts';

const seed = Number(process.env['INFERQ_SEED'] ?? randomInt(2 ** 31));
const numRuns = Number(process.env['INFERQ_RUNS'] ?? 10_000);
const AT_ONCE = 16;
const LONGEST_TURN_MS = 50;
const MONITOR = path.join(import.meta.dirname, '../support/fixtures/turn-monitor.ts');

const SCHEMA = {
  type: 'object',
  properties: { text: { type: 'string', maxLength: 100, pattern: '^(a+)+$' }, n: { type: 'number' } },
};

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.constantFrom('aaaa', '__proto__', ''),
);
const scalar = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
const field = fc.constantFrom(
  'model',
  'input',
  'webhook',
  'priority',
  'ttl',
  'delay',
  'timeout',
  'cache',
  'metadata',
  '__proto__',
  'constructor',
  'x',
);
const likely = fc.record(
  {
    model: fc.oneof(fc.constant('m'), text),
    input: fc.oneof(fc.record({ text, n: scalar }), fc.jsonValue()),
    priority: fc.oneof(fc.constantFrom('high', 'low'), scalar),
    ttl: fc.oneof(fc.integer({ min: 1, max: 3600 }), scalar),
    cache: fc.oneof(fc.constantFrom('use', 'bypass'), scalar),
    webhook: fc.oneof(fc.webUrl(), scalar, fc.record({ url: fc.webUrl(), events: fc.array(text) })),
    metadata: fc.oneof(fc.dictionary(text, text), scalar),
  },
  { requiredKeys: ['model', 'input'] },
);
/** What the broker takes, or refuses by the model's schema alone. */
const good = fc.record(
  {
    model: fc.constant('m'),
    input: fc.record(
      {
        text: fc.oneof(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 110 }), text),
        n: fc.integer(),
      },
      { requiredKeys: [] },
    ),
    priority: fc.constantFrom('high', 'normal', 'low'),
    delay: fc.integer({ min: 0, max: 100 }),
    cache: fc.constantFrom('use', 'refresh', 'bypass'),
    metadata: fc.dictionary(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 9 }), text, {
      maxKeys: 4,
    }),
  },
  { requiredKeys: ['model', 'input'] },
);
const json = fc
  .oneof(good, good, likely, fc.dictionary(field, fc.jsonValue()), fc.jsonValue())
  .map((value) => JSON.stringify(value));
/** A body that was well-formed until something was put into it. */
const broken = fc
  .tuple(
    json,
    fc.nat(),
    fc.constantFrom('{', '}', '"', ',', '\\', '1e999', '9007199254740993', '\u0000', '[['.repeat(50), 'NaN'),
  )
  .map(
    ([body, at, piece]) => body.slice(0, at % (body.length + 1)) + piece + body.slice(at % (body.length + 1)),
  );
const body = fc.oneof(
  { weight: 600, arbitrary: json.map((value) => Buffer.from(value)) },
  { weight: 200, arbitrary: broken.map((value) => Buffer.from(value)) },
  { weight: 100, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 100,
    arbitrary: fc.nat({ max: 5000 }).map((depth) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))),
  },
  { weight: 5, arbitrary: fc.nat({ max: 200_000 }).map((more) => Buffer.alloc(1_000_000 + more, '[1,')) },
);
const type = fc.constantFrom(
  ...Array<string>(8).fill('application/json'),
  'text/plain',
  'application/json; charset=utf-7',
  '',
);

test(`${numRuns} random bodies get no 5xx, and none holds the event loop up for ${LONGEST_TURN_MS} ms`, async (t) => {
  t.log(`INFERQ_SEED=${seed}`);
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-fuzz-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'longest-turn');
  const broker = await startTestBroker(t, {
    models: [
      jsonModel('m', 'http://127.0.0.1:9', {
        input_schema: SCHEMA,
        queue: { max_depth: 1_000_000, max_depth_per_tenant: 1_000_000 },
      }),
    ],
    workers: 0,
    env: { NODE_OPTIONS: `--import=${MONITOR}`, TURN_MONITOR_FILE: file, LOG_LEVEL: 'warn' },
  });
  const pool = new Pool(broker.url, { connections: AT_ONCE });
  t.teardown(() => pool.destroy());
  const post = async (content: Buffer, contentType: string): Promise<number> => {
    const headers = {
      authorization: `Bearer ${TOKEN}`,
      ...(contentType === '' ? {} : { 'content-type': contentType }),
    };
    const answer = await pool.request({ method: 'POST', path: '/jobs', headers, body: content });
    await answer.body.dump();
    return answer.statusCode;
  };
  // Code that runs for the first time is compiled: that is no body's doing.
  for (let at = 0; at < 200; at++)
    await post(Buffer.from(`{"model":"m","input":{"n":${at}}}`), 'application/json');
  process.kill(broker.apis[0]?.pid ?? 0, 'SIGUSR2');

  const cases = fc.sample(fc.tuple(body, type), { numRuns, seed });
  const seen = new Map<number, number>();
  const faults: string[] = [];
  const next = cases.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const [content, contentType] of next) {
        const status = await post(content, contentType);
        seen.set(status, (seen.get(status) ?? 0) + 1);
        if (status >= 500)
          faults.push(`${status} for ${contentType} ${JSON.stringify(content.toString('latin1'))}`);
      }
    }),
  );
  const longest = Number(await readFile(file, 'utf8'));
  t.log(`answers: ${JSON.stringify(Object.fromEntries(seen))}; longest turn ${longest.toFixed(1)} ms of CPU`);
  t.deepEqual(faults, []);
  for (const status of [202, 400, 404, 413, 415, 422])
    t.true(seen.has(status), `no body was answered ${status}`);
  t.true(longest > 0 && longest < LONGEST_TURN_MS, `${longest} ms`);
});
