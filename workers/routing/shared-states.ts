import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from '../../shared/models/registry.ts';
import type { EndpointReports } from '../../shared/redis/endpoint-reports.ts';
import type { EndpointState } from './endpoint-state.ts';
import type { Router } from './router.ts';

export interface SharedStatesParts {
  registry: Registry;
  router: Router;
  reports: EndpointReports;
  worker: string;
  /** Epoch ms. */
  now: () => number;
  onError: (error: unknown) => void;
}

const EVERY_MS = 1000;
/** A model without calls for so long is not spoken of. */
const QUIET_AFTER_MS = 10_000;
/** But for one whose last call failed: whoever comes to look is to find out why. */
const FAILING_TOLD_MS = 60 * 60_000;

/**
 * Tells the other workers of this one's endpoints, and this one of theirs, once a second for models that are called:
 * what one has found out of order the others need not find out by failures of their own.
 */
export function createSharedStates({ registry, router, reports, worker, now, onError }: SharedStatesParts) {
  const stopping = new AbortController();
  let sharing = Promise.resolve();

  async function listen(code: string, states: readonly EndpointState[]): Promise<void> {
    const said = await reports.read(code, worker);
    for (const state of states) for (const report of said) if (report.id === state.id) state.believe(report);
  }

  async function share(): Promise<void> {
    const busy = [...router.states()].filter(isSpokenOf);
    for (const [code, states] of Map.groupBy(busy, ({ code: of }) => of)) {
      await reports.write(
        code,
        worker,
        states.map((state) => state.report()),
      );
      await listen(code, states);
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
    /** Learns what is known of every endpoint, then goes on in the background. */
    async start(): Promise<void> {
      for (const model of registry.list()) await listen(model.code, router.statesOf(model));
      sharing = loop();
    },
    async stop(): Promise<void> {
      stopping.abort();
      await sharing;
    },
  };
}
