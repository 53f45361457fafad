import test from 'ava';
import { parseAnswer } from '../../../workers/transforms/evaluator-answer.ts';

test('values, faults and pulses are answers', (t) => {
  t.deepEqual(parseAnswer('[7,"value",null]'), { kind: 'value', id: 7, value: null });
  t.deepEqual(parseAnswer('[0,"pulse",12.5]'), { kind: 'pulse', cpuMs: 12.5 });
  t.deepEqual(parseAnswer('[7,"fault",{"message":"no","position":3}]'), {
    kind: 'fault',
    id: 7,
    fault: { message: 'no', position: 3 },
  });
});

for (const line of [
  '',
  'hello',
  '{}',
  'null',
  '[]',
  '["7","value",1]',
  '[7,"value"]',
  '[7,"other",1]',
  '[0,"pulse","x"]',
]) {
  test(`${JSON.stringify(line)} is none`, (t) => {
    t.is(parseAnswer(line), undefined);
  });
}

test('a fault of any shape becomes one with a message', (t) => {
  t.deepEqual(parseAnswer('[7,"fault",null]'), { kind: 'fault', id: 7, fault: { message: 'undefined' } });
});
