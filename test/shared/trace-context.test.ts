import { randomBytes } from 'node:crypto';
import test from 'ava';
import { createTracing, formatTraceparent, parseTraceparent } from '../../shared/observe/trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const GOOD = `00-${TRACE}-${SPAN}-01`;

test('a traceparent is read as the recommendation says', (t) => {
  t.deepEqual(parseTraceparent(GOOD), { traceId: TRACE, spanId: SPAN, sampled: true });
  t.is(formatTraceparent({ traceId: TRACE, spanId: SPAN, sampled: true }), GOOD);
  t.false(parseTraceparent(`00-${TRACE}-${SPAN}-02`)?.sampled);
  t.true(parseTraceparent(`cc-${TRACE}-${SPAN}-03-what-comes-later`)?.sampled);
  const bad = [
    undefined,
    '',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `${GOOD}-more`,
    `${GOOD}\n`,
    `${GOOD}, ${GOOD}`,
    `00-${TRACE}-${SPAN}`,
  ];
  for (const text of bad) t.is(parseTraceparent(text), undefined, text);
});

test('a step links to the one before it, though another process made that', (t) => {
  const one = createTracing(() => true, randomBytes).step(GOOD, { key: 'run 1' });
  const next = createTracing(() => false, randomBytes).step(GOOD, { key: 'run 2', after: 'run 1' });
  t.deepEqual(next?.links, [one?.own]);
  t.not(next?.own, one?.own);
  t.is(next?.parent, GOOD);
  t.true(parseTraceparent(next?.own)?.sampled, 'what is under a span goes by what was decided for it');
});

test('where nothing is above, a trace begins, and it is asked whether it is recorded', (t) => {
  const asked: unknown[] = [];
  const tracing = createTracing((traceId, parent) => asked.push([traceId, parent]) > 1, randomBytes);
  const first = tracing.begin('nonsense');
  t.is(first?.parent, undefined);
  t.false(parseTraceparent(first?.own)?.sampled);
  const second = tracing.begin(GOOD);
  t.is(second?.parent, GOOD);
  t.true(parseTraceparent(second?.own)?.sampled);
  t.deepEqual(asked[1], [TRACE, { traceId: TRACE, spanId: SPAN, sampled: true }]);
  t.is(tracing.step(undefined)?.parent, undefined);
});
