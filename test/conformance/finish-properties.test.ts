import { randomInt } from 'node:crypto';
import test from 'ava';
import * as fc from 'fast-check';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { masked, play, type End, type Job, type Turn } from './finish-player.ts';

const seed = Number(process.env['INFERQ_SEED'] ?? randomInt(2 ** 31));
const numRuns = Number(process.env['INFERQ_RUNS'] ?? 60);
const MS_PER_HISTORY = 300;

const redis = await startTemporaryRedis({ settings: { appendonly: 'no' } });
const connection = connect(redis.url, PATIENT);
test.after.always(async () => {
  await connection.quit();
  await redis.stop();
});

const seldom = fc.nat({ max: 5 }).map((n) => n === 0);
const job: fc.Arbitrary<Job> = fc.record({
  // A few inputs that jobs share; else each has its own.
  input: fc.constantFrom(0, 0, 0, 1, 2),
  tenant: fc.constantFrom('a', 'a', 'b', 'c'),
  priority: fc.constantFrom('low', 'normal', 'high'),
  isBypass: seldom,
  isOwed: seldom,
  isWaited: fc.boolean(),
  expires: seldom,
});
const end: fc.Arbitrary<End> = fc.record({
  pick: fc.nat({ max: 100 }),
  outcome: fc.constantFrom('succeeded', 'succeeded', 'failed', 'handover', 'putback'),
  mishap: fc.constantFrom('none', 'none', 'none', 'canceled', 'lock lost', 'taken over'),
  takesNext: seldom.map((no) => !no),
  starts: seldom.map((no) => !no),
});
const turns: fc.Arbitrary<Turn[]> = fc.array(
  fc.record({
    jobs: fc.array(job, { maxLength: 8 }),
    takes: fc.nat({ max: 3 }),
    ends: fc.array(end, { maxLength: 6 }),
  }),
  { minLength: 1, maxLength: 6, size: 'max' },
);

test('runs that end together leave what they leave when they end one by one', async (t) => {
  t.log(`INFERQ_SEED=${seed}`);
  const until = performance.now() + numRuns * MS_PER_HISTORY;
  let histories = 0;
  const property = fc.asyncProperty(
    turns,
    fc.record({ concurrency: fc.constantFrom(0, 4), rate: fc.constantFrom(0, 0, 6) }),
    async (history, limits) => {
      if (performance.now() > until) return;
      histories += 1;
      const now = Date.now();
      const single = await play(connection, history, limits, now, false);
      const together = await play(connection, history, limits, now, true);
      for (const [key, left] of Object.entries(single)) same(together[key], left, key);
      same(Object.keys(together).toSorted(), Object.keys(single).toSorted(), 'the keys');
    },
  );
  const result = await fc.check(property, { seed, numRuns });
  t.log(`${histories} histories`);
  if (result.failed) t.log(`path ${result.counterexamplePath}: ${JSON.stringify(result.counterexample)}`);
  t.false(result.failed, String(result.errorInstance));
});

function same(did: unknown, must: unknown, what: string): void {
  const [found, expected] = [masked(did), masked(must)];
  if (found !== expected) throw new Error(`${what}: is ${found}, must be ${expected}`);
}
