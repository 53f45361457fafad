import { call, ApiFault } from '../api/client.ts';
import { count } from '../parts/format.ts';
import { tenantPath } from './job-filter.tsx';

const AT_ONCE = 6;

const DONE = { cancel: 'canceled', retry: 'queued again' } as const;
export type BulkAction = keyof typeof DONE;

/** Does the same to many jobs, a few at a time. Answers a sentence on what came of it. */
export async function doToMany(
  action: BulkAction,
  ids: readonly string[],
  tenant: string,
  onProgress: (done: number) => void,
): Promise<string> {
  const left = ids.values();
  const outcome = { done: 0, refused: 0, failed: 0 };
  const work = async (): Promise<void> => {
    for (const id of left) {
      outcome[await tryOne(`${tenantPath(tenant)}/jobs/${id}/${action}`)] += 1;
      onProgress(outcome.done + outcome.refused + outcome.failed);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return sayOutcome(action, outcome);
}

async function tryOne(path: string): Promise<'done' | 'refused' | 'failed'> {
  try {
    await call(path, { method: 'POST' });
    return 'done';
  } catch (error) {
    // Its state does not allow it, or not any more.
    return error instanceof ApiFault && error.status < 429 ? 'refused' : 'failed';
  }
}

function sayOutcome(action: BulkAction, { done, refused, failed }: Record<string, number>): string {
  const parts = [`${count(done ?? 0)} ${DONE[action]}`];
  if (refused) parts.push(`${count(refused)} not in a state for it`);
  if (failed) parts.push(`${count(failed)} could not be reached: try again`);
  return `${parts.join(', ')}.`;
}
