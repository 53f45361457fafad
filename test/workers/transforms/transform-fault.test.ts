import test from 'ava';
import type { ErrorCode } from '../../../shared/errors.ts';
import { lossError, type Loss } from '../../../workers/transforms/transform-fault.ts';

const limits = { timeMs: 100, memoryMb: 128 };

const cases: [loss: Loss, code: ErrorCode, detail: RegExp][] = [
  [
    { kind: 'over the limit' },
    'transform_failed',
    /postprocess transform was stopped: it took longer than 100 ms/,
  ],
  [
    { kind: 'ended', end: { how: 'SIGABRT', signal: 'SIGABRT' } },
    'transform_failed',
    /more than 128 MB.*SIGABRT/,
  ],
  [
    { kind: 'ended', end: { how: 'exit code 1', signal: null } },
    'transform_failed',
    /broke its process \(exit code 1\)/,
  ],
  [{ kind: 'ended', end: { how: 'SIGKILL', signal: 'SIGKILL' } }, 'internal', /lost: ended \(SIGKILL\)/],
  [{ kind: 'ended', end: { how: 'SIGTERM', signal: 'SIGTERM' } }, 'internal', /lost: ended \(SIGTERM\)/],
  [{ kind: 'stuck' }, 'internal', /lost: stuck/],
  [
    { kind: 'not started', end: { how: 'spawn EAGAIN', signal: null } },
    'internal',
    /not started \(spawn EAGAIN\)/,
  ],
];
for (const [loss, code, detail] of cases) {
  const how = 'end' in loss ? ` by ${loss.end.how}` : '';
  test(`a process that is lost because it is ${loss.kind}${how} means ${code}`, (t) => {
    const error = lossError('postprocess', loss, limits);
    t.is(error.code, code);
    t.is(error.retryable, code === 'internal');
    t.regex(error.message, detail);
  });
}
