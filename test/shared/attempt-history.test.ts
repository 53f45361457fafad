import test from 'ava';
import { toAttempts, toLine, type PastAttempt } from '../../shared/attempt-history.ts';

const PAST: PastAttempt = {
  attempt: 1,
  startedAt: 1_795_988_849_516,
  endedAt: 1_795_988_849_568,
  outcome: 'succeeded',
};
const SEEN = {
  attempt: 1,
  started_at: '2026-11-29T21:47:29.516Z',
  ended_at: '2026-11-29T21:47:29.568Z',
  outcome: 'succeeded',
};

test('each line comes back as it was, with what it says and no more', (t) => {
  const others = [
    {},
    { worker: 'w-1', endpoint: 'http://127.0.0.1:1/' },
    { detail: 'Two\nlines, and "quotes".', worker: 'w-1' },
    { model: 'other@2' },
    { worker: 'w-1', endpoint: 'http://127.0.0.1:1/', model: 'other@2', detail: '' },
  ];
  const history = others.map((other) => toLine({ ...PAST, ...other })).join('\n');
  t.deepEqual(
    toAttempts(history),
    others.map((other) => ({ ...SEEN, ...other })),
  );
  t.deepEqual(toAttempts(undefined), []);
});
