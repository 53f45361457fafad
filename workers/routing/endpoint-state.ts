import { endpointId, endpointName } from '../../shared/endpoint-name.ts';
import { InferqError, messageOf, type ErrorCode } from '../../shared/errors.ts';
import type { EndpointReport } from '../../shared/redis/endpoint-reports.ts';
import { blameOf } from './blame.ts';
import type { Candidate } from './choose-endpoint.ts';
import { createCircuit, type CircuitPhase } from './circuit.ts';
import { createConcurrencyLimit } from './concurrency-limit.ts';

/** What this worker knows of one endpoint of a model. Times, of reports too, are epoch ms by the clock of its process. */
export interface EndpointState {
  readonly code: string;
  readonly id: string;
  readonly name: string;
  usedAt(): number;
  /** Whether the last call failed by its fault. */
  failing(): boolean;
  condition(): Omit<Candidate, 'weight' | 'priority'>;
  /** Does the work, which calls the endpoint, and learns from how it ends. */
  call<T>(work: () => Promise<T>): Promise<T>;
  /** Never more calls at once than this. */
  bound(most: number): void;
  /** Takes it out of order until then, on other evidence than a call. */
  hold(until: number, why: string): void;
  /** There is reason to believe that it is well again. */
  probeNow(): void;
  report(): EndpointReport;
  /** Believes another worker, unless a call here went well since. */
  believe(report: EndpointReport): void;
}

export interface EndpointStateParts {
  code: string;
  url: string;
  most: number;
  now: () => number;
  random: () => number;
  onChange: (phase: CircuitPhase, why: string) => void;
  onCall: (outcome: ErrorCode | 'succeeded' | 'broken_off', milliseconds: number) => void;
}

/** Without a `Retry-After`, how long it is left alone that has no room, in ms. */
const BREATHER_MS = 1000;
/** A failure of late weighs as much as so many calls under way, in the choice between two. */
const FAILURE_LOAD = 4;
const LATE_MS = 10_000;
/** Answers to no input in particular: the address is wrong, or the key. They count for its circuit all the same. */
const MISPLACED = [401, 403, 404, 405];

export function createEndpointState(parts: EndpointStateParts): EndpointState {
  const { code, url, most, now, random, onChange, onCall } = parts;
  const limit = createConcurrencyLimit(most, now);
  const circuit = createCircuit({
    isFault: (thrown) => blameOf(thrown) === 'endpoint',
    isAnswer: (thrown) => ['busy', 'caller'].includes(blameOf(thrown)),
    onChange: (phase) => onChange(phase, lastError ?? ''),
    now,
    random,
  });
  let running = 0;
  let usedAt = 0;
  let succeededAt = 0;
  let failures = 0;
  let failedAt = 0;
  let answeredAt = 0;
  let troubleAt = 0;
  let pausedUntil = 0;
  let lastError: string | null = null;

  async function measured<T>(work: () => Promise<T>): Promise<T> {
    const begun = now();
    const full = running >= limit.current();
    try {
      const value = await work();
      succeeded(now() - begun, full);
      return value;
    } catch (thrown) {
      failed(thrown, now() - begun, full);
      throw thrown;
    }
  }

  function succeeded(milliseconds: number, full: boolean): void {
    succeededAt = now();
    answeredAt = succeededAt;
    failures = 0;
    limit.answered(milliseconds, full);
    onCall('succeeded', milliseconds);
  }

  function failed(thrown: unknown, milliseconds: number, full: boolean): void {
    const blame = blameOf(thrown);
    const error = thrown instanceof InferqError ? thrown : undefined;
    onCall(error?.code ?? 'broken_off', milliseconds);
    if (blame === 'caller') limit.answered(milliseconds, full);
    if (blame === 'busy' || (blame === 'endpoint' && error?.code === 'model_timeout')) limit.refused();
    if (blame === 'busy' || error?.retryAfter !== undefined)
      pausedUntil = Math.max(pausedUntil, now() + (error?.retryAfter ?? BREATHER_MS / 1000) * 1000);
    if (blame === 'endpoint' || isMisplaced(error)) {
      lastError = messageOf(thrown);
      troubleAt = now();
    } else if (blame === 'caller') answeredAt = now();
    if (blame !== 'endpoint') return;
    failures += 1;
    failedAt = now();
  }

  return {
    code,
    id: endpointId(url),
    name: endpointName(url),
    usedAt: () => usedAt,
    failing: () => troubleAt > answeredAt,
    condition() {
      const { phase, probeAt } = circuit.view();
      const late = now() - failedAt < LATE_MS ? failures : 0;
      return {
        health: healthOf(phase, probeAt <= now()),
        probeAt,
        pausedUntil,
        room: phase === 'closed' ? limit.current() - running : 1,
        load: running + late * FAILURE_LOAD,
      };
    },
    async call(work) {
      running += 1;
      usedAt = now();
      try {
        return await circuit.run(() => measured(work));
      } finally {
        running -= 1;
      }
    },
    bound: (bound) => limit.bound(bound),
    hold(until, why) {
      lastError = why;
      circuit.open(until);
    },
    probeNow: () => circuit.probeNow(),
    report() {
      const { phase, since, probeAt } = circuit.view();
      const lately = { error: lastError, answeredAt, failedAt: troubleAt };
      return { id: endpointId(url), state: phase, since, probeAt, ...lately, at: now() };
    },
    believe({ state, since, probeAt, error }) {
      const own = circuit.view();
      // An open one that is due for its probe gets it here: one call instead of five.
      if (state === 'open' && own.phase === 'closed' && succeededAt < since) {
        lastError = error;
        circuit.open(probeAt);
      }
      if (state === 'closed' && own.phase === 'open' && since > own.since) circuit.probeNow();
    },
  };
}

function isMisplaced(error: InferqError | undefined): boolean {
  return typeof error?.upstream === 'number' && MISPLACED.includes(error.upstream);
}

function healthOf(phase: CircuitPhase, due: boolean): Candidate['health'] {
  if (phase === 'closed') return 'up';
  if (phase === 'half-open') return 'probing';
  return due ? 'probe' : 'down';
}
