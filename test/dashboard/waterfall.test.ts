import test from 'ava';
import type { Attempt, Job } from '../../shared/job.ts';
import { placeOf, spansOf } from '../../dashboard/pages/waterfall.ts';

const at = (milliseconds: number): string => new Date(1_700_000_000_000 + milliseconds).toISOString();

function job(more: Partial<Job>): Job {
  const urls = { get: '', cancel: '', events: '' };
  return {
    id: 'job_x',
    model: 'm',
    version: '1',
    status: 'succeeded',
    output: null,
    error: null,
    cache: 'miss',
    progress: null,
    metadata: {},
    expires_at: null,
    queue: null,
    data_removed: false,
    urls,
    created_at: at(0),
    started_at: at(100),
    completed_at: at(1000),
    metrics: { queue_time: 0.1, run_time: 0.9, attempts: 2 },
    ...more,
  };
}

const attempt = (number: number, from: number, to: number, outcome: string): Attempt => ({
  attempt: number,
  started_at: at(from),
  ended_at: at(to),
  outcome,
});

test('the queue, each attempt, the pause between and the webhook have their places in time', (t) => {
  const attempts = [attempt(1, 100, 300, 'model_error'), attempt(2, 800, 1000, 'succeeded')];
  const delivery = { id: 'msg', event: 'job.succeeded', url: 'http://x', attempt: 1, next_at: null };
  const spans = spansOf(job({ attempts }), [
    { ...delivery, at: at(1100), duration_ms: 50, outcome: 'delivered', status: 200 },
  ]);
  t.deepEqual(
    spans.map(({ kind, start, end, isGood }) => [
      kind,
      start - 1_700_000_000_000,
      (end ?? 0) - start,
      isGood,
    ]),
    [
      ['queue', 0, 100, true],
      ['attempt', 100, 200, false],
      ['pause', 300, 500, true],
      ['attempt', 800, 200, true],
      ['delivery', 1100, 50, true],
    ],
  );
  const [first, , , last] = spans;
  if (!first || !last) throw new Error('There are no spans');
  t.deepEqual(placeOf(first, first.start, first.start + 1000), { left: 0, width: 10 });
  t.deepEqual(placeOf(last, first.start, first.start + 1000), { left: 80, width: 20 });
});

test('what goes on has no end, and the shortest can be seen', (t) => {
  const running = job({ status: 'running', completed_at: null, attempts: [] });
  const [queue, call] = spansOf(running, []);
  t.is(queue?.end, Date.parse(at(100)));
  t.is(call?.end, null);
  t.is(spansOf(job({ status: 'queued', started_at: null, completed_at: null }), [])[0]?.end, null);
  if (!queue) throw new Error('There is no queue');
  t.true(placeOf({ ...queue, end: queue.start }, queue.start, queue.start + 1e6).width > 0);
});

const stretches = (spans: ReturnType<typeof spansOf>): unknown[] =>
  spans.map(({ kind, start, end }) => [kind, start - 1_700_000_000_000, end && end - 1_700_000_000_000]);

test('a job that was retried waited for its first attempt once, and for the others after the one before', (t) => {
  const attempts = [attempt(1, 100, 300, 'model_error'), attempt(2, 5000, 5200, 'succeeded')];
  const retried = { started_at: at(5000), completed_at: at(5200), attempts };
  t.deepEqual(stretches(spansOf(job(retried), [])), [
    ['queue', 0, 100],
    ['attempt', 100, 300],
    ['pause', 300, 5000],
    ['attempt', 5000, 5200],
  ]);
});

test('a job that is retried waits, and then runs, since it does', (t) => {
  const attempts = [attempt(1, 100, 300, 'model_error')];
  const open = { completed_at: null, attempts };
  const queue = { position: 3, eta: null };
  const waiting = spansOf(job({ ...open, status: 'queued', started_at: null, queue }), []);
  t.deepEqual(stretches(waiting), [
    ['queue', 0, 100],
    ['attempt', 100, 300],
    ['pause', 300, null],
  ]);
  t.deepEqual(
    waiting.map(({ detail }) => detail),
    ['', 'model_error', 'place 3'],
  );
  t.deepEqual(stretches(spansOf(job({ ...open, status: 'running', started_at: at(5000) }), [])), [
    ['queue', 0, 100],
    ['attempt', 100, 300],
    ['pause', 300, 5000],
    ['attempt', 5000, null],
  ]);
});
