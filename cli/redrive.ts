import type { Client } from './client.ts';
import { foreign } from './failure.ts';
import { isRecord } from './json.ts';
import { modelPath } from './model.ts';

/** Which failed jobs are to run again; all of them where nothing is said. */
export interface RedriveOptions {
  errorType?: string;
  since?: string;
  tenant?: string;
  limit?: number;
}

export interface Redriven {
  redriven: number;
  /** Whether it stopped because a backlog is full. */
  full: boolean;
}

/** Asks as often as it takes: one request takes a bounded number of jobs. */
export async function redrive(client: Client, name: string, options: RedriveOptions): Promise<Redriven> {
  const { errorType, tenant, limit } = options;
  let { since } = options;
  let redriven = 0;
  for (;;) {
    const left = limit === undefined ? {} : { limit: Math.min(10_000, limit - redriven) };
    const body = JSON.stringify({ error_type: errorType, tenant, since, ...left });
    const path = `${modelPath(name)}/redrive`;
    const answer = await client.call({ method: 'POST', path, body, about: { model: name } });
    const { count, stopped, next } = read(answer.body, client.connection.url);
    redriven += count;
    const isStuck = count === 0 && next === since;
    if (stopped !== 'limit' || next === undefined || redriven === limit || isStuck)
      return { redriven, full: stopped === 'full' };
    since = next;
  }
}

function read(body: unknown, url: string) {
  if (!isRecord(body) || typeof body['redriven'] !== 'number')
    throw foreign(url, 'its answer says nothing of redriven jobs');
  const next = body['next'];
  return {
    count: body['redriven'],
    stopped: body['stopped'],
    next: typeof next === 'string' ? next : undefined,
  };
}
