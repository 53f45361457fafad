import cluster from 'node:cluster';
import type { Readiness } from '../observe/readiness.ts';
import { openChannel, type Answer, type Channel } from './channel.ts';
import { isReadiness } from './joined-readiness.ts';
import { ALONE, type Together } from './together.ts';

/** The supervisor asks all processes, and waits for the slowest. */
const ASK_MS = 1500;
/** The port may have to be bound. */
const LISTEN_MS = 10_000;

/** Where this process is one of several, what it is among them. */
export function joinOthers(): Together {
  const { worker } = cluster;
  if (!worker) return ALONE;
  // Or Node would end this process at once with its supervisor, in the middle of its jobs.
  worker.exitedAfterDisconnect = true;
  const answers: Record<string, Answer> = {};
  const supervisor = openChannel(
    {
      send: (message) => process.send?.(message, undefined, undefined, () => undefined),
      onMessage: (listener) => process.on('message', listener),
    },
    answers,
  );
  return {
    process: worker.id,
    async listen(place, { metrics, readiness, scaling }) {
      Object.assign(answers, {
        metrics: () => metrics.getMetricsAsJSON(),
        readiness: () => readiness.report(),
        scaling: async (path) => scaling?.(String(path)),
      } satisfies Record<string, Answer>);
      const url = String(await supervisor.ask('listen', place, LISTEN_MS));
      return { url, stop: async () => undefined };
    },
    readinessOf: (own) => readinessOfAll(own, supervisor),
    sumOf(own) {
      answers['count'] = async () => own();
      return async () => Number(await supervisor.ask('sum', undefined, ASK_MS));
    },
  };
}

function readinessOfAll(own: Readiness, supervisor: Channel): Readiness {
  return {
    async report() {
      const report = await supervisor.ask('readiness', undefined, ASK_MS).catch(() => undefined);
      if (isReadiness(report)) return report;
      const { checks, warnings } = await own.report();
      return { ready: false, checks: { ...checks, processes: 'the supervisor does not answer' }, warnings };
    },
  };
}
