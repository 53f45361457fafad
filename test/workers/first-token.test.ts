import test from 'ava';
import { timeFirstToken } from '../../workers/first-token.ts';
import type { StreamPart } from '../../workers/protocols/protocol.ts';

test('the first chunk is timed from the call, once, and every part is passed on', (t) => {
  let clock = 1000;
  const parts: StreamPart[] = [];
  const times: number[] = [];
  const tell = timeFirstToken(
    (part) => void parts.push(part),
    (milliseconds) => void times.push(milliseconds),
    () => clock,
  );
  const given: StreamPart[] = [
    { kind: 'progress', progress: 0 },
    { kind: 'log', message: 'warm' },
    { kind: 'chunk', chunk: 'a' },
    { kind: 'chunk', chunk: 'b' },
  ];
  for (const part of given) {
    clock += 10;
    void tell(part);
  }
  t.deepEqual(times, [30]);
  t.deepEqual(parts, given);
});
