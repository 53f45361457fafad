import test from 'ava';
import { InferqError } from '../../shared/errors.ts';
import { isDay, readTime } from '../../api/http/time.ts';

test('a time of RFC 3339 is read, with whatever zone and fraction', (t) => {
  const times = {
    '2026-11-23T16:00:00Z': '2026-11-23T16:00:00.000Z',
    '2026-11-23t16:00:00.5z': '2026-11-23T16:00:00.500Z',
    '2026-11-23T16:00:00.123456+02:00': '2026-11-23T14:00:00.123Z',
    '2024-02-29T23:59:59-08:00': '2024-03-01T07:59:59.000Z',
  };
  for (const [text, wanted] of Object.entries(times))
    t.is(new Date(readTime(text, '/since')).toISOString(), wanted);
});

test('what is no time of the calendar is refused, with where it stands', (t) => {
  const bad = [
    '2016-12-31T23:59:60Z',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:00+25:00',
    '2026-01-01T00:00:00+0100',
    '2026-01-01T00:00:00',
    '2026-01-01 00:00:00Z',
    '2026-01-01',
    '9999-12-31T23:59:59-01:00',
    '0000-01-01T00:00:00+01:00',
    'yesterday',
    '',
  ];
  for (const text of bad) {
    const refusal = t.throws(() => readTime(text, '?since'), { instanceOf: InferqError }, text);
    t.is(refusal?.code, 'invalid_request');
    t.like(refusal?.errors, [{ pointer: '?since' }]);
    t.regex(refusal?.message ?? '', /^since must be a time such as 2026-11-23T16:00:00Z/);
  }
});

test('a day is one of the calendar', (t) => {
  for (const day of ['2026-11-23', '2024-02-29', '0001-01-01']) t.true(isDay(day), day);
  for (const day of ['2026-02-29', '2026-04-31', '2026-13-01', '2026-1-1', 'today', ''])
    t.false(isDay(day), day);
});
