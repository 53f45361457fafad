import * as fc from 'fast-check';
import { TERMINAL_STATUSES, type TerminalStatus } from '../../shared/job-status.ts';
import type { ModelOutcome } from './job-model.ts';

/** One step of a client, a worker, the sweeper or fate. `pick` chooses among what there is, if there is any. */
export type Action =
  | { kind: 'submit'; inputs: number[]; tenant: string; mode: 'use' | 'refresh' | 'bypass'; more: Extras }
  | { kind: 'settle'; pick: number; outcome: ModelOutcome; cached: boolean }
  | { kind: 'leave'; pick: number; reason: 'canceled' | 'expired' }
  | { kind: 'submit again' | 'start' | 'settle late' | 'retry' | 'run out' | 'wait' | 'say'; pick: number }
  | { kind: 'expire' | 'forget scripts' };

interface Extras {
  ttl: boolean;
  delayed: boolean;
  waits: boolean;
  hooks: readonly TerminalStatus[];
}

const pick = fc.nat({ max: 1000 });
const seldom = fc.nat({ max: 3 }).map((n) => n === 0);

const submit = fc.record({
  kind: fc.constant('submit' as const),
  // Few inputs and tenants, so that jobs meet; several come in one turn of the event loop.
  inputs: fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 1, maxLength: 3 }),
  tenant: fc.constantFrom('a', 'a', 'a', 'b'),
  mode: fc.constantFrom('use', 'use', 'use', 'use', 'refresh', 'bypass'),
  more: fc.record({
    ttl: fc.boolean(),
    delayed: seldom,
    waits: fc.boolean(),
    hooks: fc.subarray([...TERMINAL_STATUSES]),
  }),
});

const settle = fc.record({
  kind: fc.constant('settle' as const),
  pick,
  outcome: fc.constantFrom<ModelOutcome>('succeeded', 'failed', 'handover', 'handover', 'putback'),
  // With the answer in the cache nobody joins any more.
  cached: seldom,
});

const leave = fc.record({
  kind: fc.constant('leave' as const),
  pick,
  reason: fc.constantFrom('canceled', 'canceled', 'expired'),
});

const onePick = fc.record({
  kind: fc.constantFrom('submit again', 'settle late', 'retry', 'retry', 'run out', 'run out', 'wait', 'say'),
  pick,
});

const fate = fc.record({ kind: fc.constantFrom('expire', 'expire', 'forget scripts') });

export const actions: fc.Arbitrary<Action[]> = fc.array<Action>(
  fc.oneof(
    { weight: 6, arbitrary: submit },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('start' as const), pick }) },
    { weight: 5, arbitrary: settle },
    { weight: 3, arbitrary: leave },
    { weight: 4, arbitrary: onePick },
    { weight: 1, arbitrary: fate },
  ),
  { minLength: 5, maxLength: 40, size: 'max' },
);
