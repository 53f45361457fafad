import test from 'ava';
import { waitOf } from '../../api/http/wait.ts';
import { InferqError } from '../../shared/errors.ts';

const preferred = (prefer: string | undefined) => waitOf(new URLSearchParams(), prefer);

test('a preference to wait is heeded up to a minute', (t) => {
  t.is(preferred('wait=10'), 10);
  t.is(preferred('respond-async, Wait = "10"'), 10);
  for (const long of ['wait=60', 'wait=90', `wait=${'9'.repeat(400)}`]) t.is(preferred(long), 60, long);
});

test('a preference to wait without a number is one for the longest wait', (t) => {
  for (const bare of ['wait', 'Wait', 'wait=""', 'respond-async, wait', 'wait, respond-async', ' wait '])
    t.is(preferred(bare), 60, bare);
});

test('a preference for no wait, or for what is no number, is none', (t) => {
  const none = [
    'wait=0',
    'wait=',
    'wait=soon',
    'wait=-1',
    'wait=1.5',
    'wait="',
    'waiting',
    'await',
    'no wait',
    '',
  ];
  for (const prefer of [...none, undefined]) t.is(preferred(prefer), 0, prefer);
});

test('what stands in quotes, or belongs to another preference, is no preference to wait', (t) => {
  for (const prefer of [
    'foo="a, wait=5, b"',
    'foo;wait=5',
    'foo; wait',
    'foo="\\", wait=5"',
    'foo=";wait=5',
    'foo="wait',
  ])
    t.is(preferred(prefer), 0, prefer);
  for (const prefer of [
    'foo="a, b", wait=5',
    'foo;bar="x;y,", Wait = 5',
    'wait=5;foo=bar',
    'wait=5 ; foo, bar',
    'foo="\\"", wait="\\5"',
    'wait=5, wait=6',
    ', ,wait=5,',
  ])
    t.is(preferred(prefer), 5, prefer);
});

test('a header of preferences is read in one go, however it is made', (t) => {
  const million = 1_000_000;
  const made = ['"', '\\"', '"\\', ' ', ',', ';', 'wait ', '=', 'a="'].map((part) => part.repeat(million));
  const started = process.threadCpuUsage();
  for (const prefer of [...made, `wait${' '.repeat(million)}x`]) preferred(prefer);
  const { user, system } = process.threadCpuUsage(started);
  // What is quadratic takes minutes.
  t.true((user + system) / 1e6 < 10);
});

test('the parameter goes before the preference, and must be a number of seconds', (t) => {
  t.is(waitOf(new URLSearchParams('wait=5'), 'wait'), 5);
  for (const bad of ['', '0', '61', 'soon'])
    t.throws(() => waitOf(new URLSearchParams({ wait: bad }), undefined), { instanceOf: InferqError }, bad);
});
