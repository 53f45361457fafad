import test from 'ava';
import { judgeSilence, type Verdict } from '../../../workers/transforms/silence.ts';

const cases: [what: string, wallMs: number, cpuMs: number | undefined, verdict: Verdict][] = [
  ['just begun', 0, 0, { kind: 'wait', ms: 100 }],
  ['computing all the time', 60, 60, { kind: 'wait', ms: 40 }],
  ['computing over the limit', 101, 100, { kind: 'over the limit' }],
  ['kept from the CPU for most of the time', 400, 30, { kind: 'wait', ms: 70 }],
  ['kept from the CPU for seconds', 4999, 30, { kind: 'wait', ms: 70 }],
  ['not getting on at all', 5000, 30, { kind: 'stuck' }],
  ['computing in several threads', 60, 120, { kind: 'wait', ms: 40 }],
  ['of unknown CPU time, within the limit', 99, undefined, { kind: 'wait', ms: 1 }],
  ['of unknown CPU time, over it', 100, undefined, { kind: 'over the limit' }],
];
for (const [what, wallMs, cpuMs, verdict] of cases) {
  test(`an evaluation that is ${what}: ${verdict.kind}`, (t) => {
    t.deepEqual(judgeSilence({ limitMs: 100, wallMs, cpuMs }), verdict);
  });
}
