import test from 'ava';
import { InferqError, type ErrorCode, type Upstream } from '../../../shared/errors.ts';
import { blameOf, type Blame } from '../../../workers/routing/blame.ts';

const cases: [title: string, code: ErrorCode, upstream: Upstream | undefined, blame: Blame][] = [
  ['no connection', 'model_unavailable', undefined, 'endpoint'],
  ['a timeout', 'model_timeout', undefined, 'endpoint'],
  ['a timeout that the job asked for', 'model_timeout', 'hurried', 'unknown'],
  ['500', 'model_error', 500, 'endpoint'],
  ['503', 'model_unavailable', 503, 'endpoint'],
  ['408', 'model_timeout', 408, 'endpoint'],
  ['429', 'model_unavailable', 429, 'busy'],
  ['400', 'model_error', 400, 'caller'],
  ['425', 'model_unavailable', 425, 'caller'],
  ['an answer that cannot be read', 'invalid_output', undefined, 'caller'],
  ['a worker that stops', 'shutting_down', undefined, 'unknown'],
];
for (const [title, code, upstream, blame] of cases) {
  test(`${title} says of the endpoint: ${blame}`, (t) => {
    const error = new InferqError(code, title, upstream === undefined ? {} : { upstream });
    t.is(blameOf(error), blame);
  });
}

test('what was broken off here says nothing of the endpoint', (t) => {
  t.is(blameOf('abandoned'), 'unknown');
});

test('no room is no fault, whatever the status', (t) => {
  t.is(blameOf(new InferqError('model_unavailable', 'full', { busy: true, upstream: 409 })), 'busy');
});
