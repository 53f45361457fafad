import test from 'ava';
import type { ErrorCode } from '../../shared/errors.ts';
import { addressOf, type EndpointAddress } from '../../workers/endpoint-address.ts';
import { refusalFault } from '../../workers/endpoint-fault.ts';

const address: EndpointAddress = addressOf({ url: 'http://model:9001/infer', weight: 1, priority: 0 });
const at = { now: Date.UTC(2026, 10, 23, 12, 0, 0), maxRetryAfterS: 60 };

const cases: [status: number, code: ErrorCode, advice: RegExp][] = [
  [301, 'model_error', /Redirects are not followed/],
  [400, 'model_error', /preprocess/],
  [401, 'model_error', /credentials/],
  [403, 'model_error', /credentials/],
  [404, 'model_error', /url/],
  [408, 'model_timeout', /log/],
  [413, 'model_error', /input/],
  [422, 'model_error', /input/],
  [425, 'model_unavailable', /input/],
  [429, 'model_unavailable', /concurrency/],
  [500, 'model_error', /log/],
  [501, 'model_error', /log/],
  [502, 'model_unavailable', /log/],
  [503, 'model_unavailable', /log/],
  [504, 'model_timeout', /log/],
  [529, 'model_unavailable', /log/],
];
for (const [status, code, advice] of cases) {
  test(`${status} is ${code} and says what to do`, (t) => {
    const error = refusalFault({ status, retryAfter: undefined, message: undefined }, address, at);
    t.is(error.code, code);
    t.true(error.message.startsWith(`The model endpoint http://model:9001/infer answered ${status}. `));
    t.regex(error.message, advice);
  });
}

test('what the server refused it would refuse again; what it failed at it may do the next time', (t) => {
  const retried = cases.filter(
    ([status]) => refusalFault({ status, retryAfter: undefined, message: undefined }, address, at).retryable,
  );
  t.deepEqual(
    retried.map(([status]) => status),
    [408, 425, 429, 500, 502, 503, 504, 529],
  );
});

const waits: [status: number, header: string | undefined, seconds: number | undefined][] = [
  [429, '7', 7],
  [503, '0', 0],
  [503, 'Mon, 23 Nov 2026 12:00:30 GMT', 30],
  [503, '86400', 60],
  [504, '5', 5],
  [503, 'soon', undefined],
  [503, undefined, undefined],
  [500, '7', 7],
  [501, '7', undefined],
];
for (const [status, retryAfter, seconds] of waits) {
  test(`Retry-After ${retryAfter} of a ${status} means ${seconds} s where 60 are believed at most`, (t) => {
    t.is(refusalFault({ status, retryAfter, message: undefined }, address, at).retryAfter, seconds);
  });
}

test("the server's message becomes one line of at most 300 characters", (t) => {
  const message = `no\r\n\u0007such \u202E tensor ${'x'.repeat(1000)}`;
  const { message: detail } = refusalFault({ status: 422, retryAfter: undefined, message }, address, at);
  t.true(detail.includes('and said: no such tensor xxx'));
  t.false(/[\p{Cc}\p{Cf}]/u.test(detail));
  t.true(detail.length < 500);
});

test('secrets that the server repeats are taken out, from the url and from the headers', (t) => {
  const secret = addressOf({
    url: 'http://user:pass%20word1@model/infer?key=query%2Fsecret',
    weight: 1,
    priority: 0,
    headers: { Authorization: 'Bearer sk-0123456789', 'X-Team': 'team-canary' },
  });
  const message = 'bad sk-0123456789, pass word1, query/secret, team-canary';
  const { message: detail } = refusalFault({ status: 401, retryAfter: undefined, message }, secret, at);
  t.true(
    detail.startsWith(
      'The model endpoint http://model/infer answered 401 and said: bad [redacted], [redacted],',
    ),
  );
  t.false(/sk-0123|word1|query\/secret|canary/.test(detail));
});

test('headers that hold no secret are told as they are: whoever mends the call needs them', (t) => {
  const plain = addressOf({
    url: 'http://model/infer',
    weight: 1,
    priority: 0,
    headers: { Accept: 'application/json', Host: 'iris.example.com' },
  });
  const message = 'no application/json for iris.example.com';
  const { message: detail } = refusalFault({ status: 406, retryAfter: undefined, message }, plain, at);
  t.true(detail.includes(message));
});
