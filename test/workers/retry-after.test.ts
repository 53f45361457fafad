import test from 'ava';
import { parseRetryAfter } from '../../workers/retry-after.ts';

const now = Date.UTC(2026, 10, 23, 12, 0, 0);

const cases: [header: string, milliseconds: number | undefined][] = [
  ['120', 120_000],
  ['0', 0],
  [' 5 ', 5000],
  ['Mon, 23 Nov 2026 12:02:00 GMT', 120_000],
  ['Monday, 23-Nov-26 12:02:00 GMT', 120_000],
  ['Mon Nov 23 12:02:00 2026', 120_000],
  ['Mon, 23 Nov 2026 11:00:00 GMT', 0],
  ['-5', undefined],
  ['1.5', undefined],
  ['soon', undefined],
  ['', undefined],
  ['2026-11-23T12:02:00Z', undefined],
  ['Mon, 99 Nov 2026 12:02:00 GMT', undefined],
  ['9'.repeat(400), undefined],
];
for (const [header, milliseconds] of cases) {
  test(`Retry-After ${JSON.stringify(header.slice(0, 40))} means ${milliseconds} ms`, (t) => {
    t.is(parseRetryAfter(header, now), milliseconds);
  });
}
