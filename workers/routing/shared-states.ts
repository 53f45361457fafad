import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from '../../shared/models/registry.ts';
import type { EndpointReport, EndpointReports } from '../../shared/redis/endpoint-reports.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { Router } from './router.ts';

export interface SharedStatesParts {
  registry: Registry;
  router: Router;
  reports: EndpointReports;
  worker: string;
  /** Epoch ms, by the clock of the router. */
  now: () => number;
  /** By that of all workers. */
  redisNow: () => Promise<number>;
  onError: (error: unknown) => void;
}

const EVERY_MS = 1000;
/** A model without calls for so long is not spoken of. */
const QUIET_AFTER_MS = 10_000;
/** But for one whose last call failed: whoever comes to look is to find out why. */
const FAILING_TOLD_MS = 60 * 60_000;

export interface SharedStates {
  /** Learns what is known of every endpoint, then goes on in the background. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Tells the other workers of this one's endpoints, and this one of theirs, once a second for models that are called:
 * what one has found out of order the others need not find out by failures of their own. Here alone the times of this
 * process become those of Redis, and the other way round: no two machines need agree on the time.
 */
export function createSharedStates({
  registry,
  router,
  reports,
  worker,
  now,
  redisNow,
  onError,
}: SharedStatesParts): SharedStates {
  const stopping = new AbortController();
  let sharing = Promise.resolve();

  /** How far the clock of Redis is ahead of this one, in ms. It may be another Redis than before. */
  async function measureLead(): Promise<number> {
    return (await redisNow()) - now();
  }

  async function listen(code: string, states: readonly EndpointState[], lead: number): Promise<void> {
    const said = await reports.read(code, worker);
    for (const state of states)
      for (const report of said) if (report.id === state.id) state.believe(moved(report, -lead));
  }

  async function share(): Promise<void> {
    const lead = await measureLead();
    const busy = [...router.states()].filter(isSpokenOf);
    for (const [code, states] of Map.groupBy(busy, ({ code: of }) => of)) {
      await reports.write(
        code,
        worker,
        states.map((state) => moved(state.report(), lead)),
      );
      await listen(code, states, lead);
    }
  }

  function isSpokenOf(state: EndpointState): boolean {
    const quietAfter = state.failing() ? FAILING_TOLD_MS : QUIET_AFTER_MS;
    return state.usedAt() > now() - quietAfter || state.report().state !== 'closed';
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) await share().catch(onError);
    }
  }

  return {
    async start() {
      const lead = await measureLead();
      for (const model of registry.list()) await listen(model.code, router.statesOf(model), lead);
      sharing = loop();
    },
    async stop() {
      stopping.abort();
      await sharing;
    },
  };
}

/** By so many ms; what never was stays so. */
function moved(report: EndpointReport, ms: number): EndpointReport {
  const move = (time: number): number => (time === 0 ? 0 : time + ms);
  const { since, probeAt, answeredAt = 0, failedAt = 0, at } = report;
  return {
    ...report,
    since: move(since),
    probeAt: move(probeAt),
    answeredAt: move(answeredAt),
    failedAt: move(failedAt),
    at: move(at),
  };
}
