import type { Client } from '../client.ts';
import { Failure } from '../failure.ts';
import { createOverviewReader, type Overview } from '../overview.ts';
import { broken, ok, warning, type Finding } from './finding.ts';

/** Whether anybody runs the jobs. Only admins are told of workers: to others this says nothing. */
export async function checkWorkers(client: Client): Promise<Finding[]> {
  try {
    const { workers, models } = await createOverviewReader(client)({ tries: 1, timeout: 10 });
    return workers === undefined ? [] : [workersFinding(workers, models)];
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return [broken(`GET /overview fails: ${thrown.message}`, 'See the log of the broker')];
  }
}

function workersFinding(workers: NonNullable<Overview['workers']>, models: Overview['models']): Finding {
  const able = workers.filter(({ roles }) => roles.includes('models')).length;
  if (able > 0) return ok(`${able} ${able === 1 ? 'worker runs' : 'workers run'} the models`);
  const waiting = models.reduce((sum, { backlog = 0 }) => sum + backlog, 0);
  if (waiting === 0) return warning('No worker runs the models', CURE);
  return broken(`No worker runs the models: ${waiting} ${waiting === 1 ? 'job waits' : 'jobs wait'}`, CURE);
}

const CURE = 'Start one with the REDIS_URL and INFERQ_MODELS of the API: npm run worker';
