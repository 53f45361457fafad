import type { Call, Client } from './client.ts';
import { Failure, foreign } from './failure.ts';
import { isRecord } from './json.ts';
import { toModel, toModels, type Model } from './model.ts';

export interface Overview {
  models: (Model & { rate?: number })[];
  /** Jobs a second over all models; absent where the broker does not tell. */
  rate?: number;
  /** For admins. */
  workers?: Worker[];
  /** Webhooks that have not arrived; for admins. */
  owed?: number;
  /** In bytes, for admins. A limit of 0 is none. */
  memory?: { used: number; limit: number };
}

export interface Worker {
  name: string;
  /** `models`, `webhooks`, or both. */
  roles: string[];
  /** What of the models it cannot use. */
  warnings: string[];
}

/** Reads how it stands: from the overview, or where that is refused or not known, from the models alone. */
export function createOverviewReader(client: Client): (call?: Omit<Call, 'path'>) => Promise<Overview> {
  const { url } = client.connection;
  let refused = false;
  return async (call = {}) => {
    if (!refused) {
      try {
        return toOverview((await client.call({ ...call, path: '/overview' })).body, url);
      } catch (thrown) {
        if (!(thrown instanceof Failure) || ![403, 404].includes(thrown.problem.status ?? 0)) throw thrown;
        refused = true;
      }
    }
    return { models: toModels((await client.call({ ...call, path: '/models' })).body, url) };
  };
}

function toOverview(body: unknown, url: string): Overview {
  if (!isRecord(body) || !Array.isArray(body['models'])) throw foreign(url, 'its answer is not an overview');
  const lines: unknown[] = body['models'];
  const models = lines.map((line) => {
    const { state, failing, activity } = isRecord(line) ? line : {};
    const model = toModel(isRecord(line) ? { ...line, endpoints: [{ state, failing }] } : line, url);
    return { ...model, rate: numberIn(activity, 'rate') };
  });
  const { redis, webhooks } = body;
  const workers: unknown = body['workers'];
  const memory = isRecord(redis) ? redis['memory'] : null;
  return {
    models,
    rate: models.reduce((sum, each) => sum + each.rate, 0),
    ...(Array.isArray(workers) ? { workers: workers.map(toWorker) } : {}),
    ...(isRecord(webhooks) ? { owed: numberIn(webhooks, 'owed') } : {}),
    ...(isRecord(memory)
      ? { memory: { used: numberIn(memory, 'used'), limit: numberIn(memory, 'limit') } }
      : {}),
  };
}

function toWorker(line: unknown): Worker {
  const { name, roles, warnings } = isRecord(line) ? line : {};
  return {
    name: typeof name === 'string' ? name : '?',
    roles: textsIn(roles),
    warnings: textsIn(warnings),
  };
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function numberIn(value: unknown, name: string): number {
  const number = isRecord(value) ? value[name] : 0;
  return typeof number === 'number' ? number : 0;
}
