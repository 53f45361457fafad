import { isTerminal } from '../job-status.ts';
import type { StoredJob } from '../stored-job.ts';
import { fromField } from '../text.ts';
import { parseRecord } from './record.ts';
import { toHash } from './reply.ts';

/**
 * The job whose end `settle` has told of, so that who waits for it need not read it: its id, the output, and the fields
 * and values of its record, with a NUL between them, which no JSON has. Undefined where it was another job.
 */
export function parseToldEnd(id: string, told: string): StoredJob | undefined {
  const [ended, output = '', ...record] = told.split('\0');
  if (ended !== id) return undefined;
  const job = parseRecord(id, toHash(record));
  if (!job || !isTerminal(job.status)) return undefined;
  return { ...job, output: job.status === 'succeeded' ? fromField(output) : null };
}
