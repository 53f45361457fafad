import type { Client } from '../client.ts';
import { Failure } from '../failure.ts';
import { createOverviewReader, type Overview, type Worker } from '../overview.ts';
import { broken, ok, warning, type Finding } from './finding.ts';

/**
 * Whether anybody runs the jobs and delivers the webhooks, and what the workers cannot use but the API can: `told` is
 * what that has said itself.
 * Only admins are told of workers: to others this says nothing.
 */
export async function checkWorkers(client: Client, told: readonly string[]): Promise<Finding[]> {
  try {
    const { workers, models, owed } = await createOverviewReader(client)({ tries: 1, timeout: 10 });
    if (workers === undefined) return [];
    const able = workers.filter(({ roles }) => roles.includes('models'));
    return [
      staffFinding(able.length, models),
      deliveryFinding(workers.filter(({ roles }) => roles.includes('webhooks')).length, owed),
      ...warningFindings(able, told),
    ];
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return [broken(`GET /overview fails: ${thrown.message}`, 'See the log of the broker')];
  }
}

function staffFinding(able: number, models: Overview['models']): Finding {
  if (able > 0) return ok(`${able} ${able === 1 ? 'worker runs' : 'workers run'} the models`);
  const waiting = models.reduce((sum, { backlog = 0 }) => sum + backlog, 0);
  if (waiting === 0) return warning('No worker runs the models', START);
  return broken(`No worker runs the models: ${waiting} ${waiting === 1 ? 'job waits' : 'jobs wait'}`, START);
}

/** An earlier broker does not tell how many are owed. */
function deliveryFinding(able: number, owed = 0): Finding {
  if (able > 0) return ok(`${able} ${able === 1 ? 'worker delivers' : 'workers deliver'} webhooks`);
  if (owed === 0) return warning('No worker delivers webhooks', DELIVER);
  return broken(`No worker delivers webhooks: ${owed} ${owed === 1 ? 'is' : 'are'} owed`, DELIVER);
}

const START = 'Start one with the REDIS_URL and INFERQ_MODELS of the API: npm run worker';
const DELIVER = 'Start one with webhooks among its INFERQ_WORKER_ROLES: npm run worker';

/** What no worker can use is run by none. */
function warningFindings(workers: readonly Worker[], told: readonly string[]): Finding[] {
  const texts = new Set(workers.flatMap(({ warnings }) => warnings));
  return [...texts]
    .filter((text) => !told.includes(text))
    .map((text) => {
      const names = workers.filter(({ warnings }) => warnings.includes(text)).map(({ name }) => name);
      return names.length === workers.length
        ? broken(`No worker can use it: ${text}`, MEND)
        : warning(`${names.join(', ')} cannot use it: ${text}`, MEND);
    });
}

const MEND = 'Set it in the environment of the workers, and start them again';
