import test from 'ava';
import { readFlushed } from './flushed.ts';

test('what was written before a flush that ended is on the disk', (t) => {
  const trace = ['7 write(7, ""..., 100) = 100', '7 fdatasync(7) = 0', '7 write(7, ""..., 20) = 20', ''];
  t.deepEqual(readFlushed(trace.join('\n')), { written: 120, flushed: 100, flushes: 1 });
});

test('a flush covers what was written before it began, not what came while it ran', (t) => {
  const trace = [
    '7 write(7, ""..., 100 <unfinished ...>',
    '7 <... write resumed>) = 100',
    '9 fdatasync(7 <unfinished ...>',
    '7 write(7, ""..., 20)              = 20',
    '9 <... fdatasync resumed>)          = 0',
  ];
  t.deepEqual(readFlushed(trace.join('\n')), { written: 120, flushed: 100, flushes: 1 });
});

test('a flush that did not end, or failed, keeps nothing', (t) => {
  const lines = ['7 write(7, ""..., 100) = 100', '7 fdatasync(7 <unfinished ...>'];
  t.is(readFlushed(lines.join('\n')).flushed, 0);
  t.is(readFlushed(`${lines[0]}\n7 fdatasync(7) = -1 EIO (Input/output error)`).flushed, 0);
});

test('a flush that was held up before it began counts with the line that tells of its end', (t) => {
  const trace = ['7 write(7, ""..., 100) = 100', '7 fdatasync(7) = 0 (DELAYED)'];
  t.deepEqual(readFlushed(trace.join('\n')), { written: 100, flushed: 100, flushes: 1 });
});
