import type { Admission, Submission } from '../ports.ts';
import { prefixOf } from './keys.ts';
import type { NearOutput } from './near-cache.ts';
import { toFacts } from './record.ts';
import { Reply } from './reply.ts';
import { milliseconds } from './script-arguments.ts';
import type { RunScript } from './scripts.ts';
import { groupByTenant } from './tenant-groups.ts';
import { createTurnBatches } from './turn-batches.ts';

const TOGETHER = { calls: 32, characters: 64 * 1024 };

interface Call {
  submission: Submission;
  cacheKey: string;
  known: NearOutput;
}

/** Takes a job in that Redis has the known output for; undefined where it hasn't, or where that is not for here to say. */
export type AnswerNear = (submission: Submission, known: NearOutput) => Promise<Admission | undefined>;

/** Answers of one turn of the event loop are given in one step where they are of one model. */
export function createNearHits(run: RunScript): AnswerNear {
  const batches = createTurnBatches<Call, { kind: string; createdAt: number }>(
    TOGETHER,
    async (key, calls) => {
      const [prefix = '', ...terms] = key.split(' ');
      const { args, placeOf } = groupByTenant(calls, ofTenant, ofJob);
      const record = `${prefix}job:${calls[0]?.submission.id}`;
      const reply = new Reply(await run('hit', record, prefix, ...terms, ...args));
      return calls.map((call) => ({ kind: reply.text(placeOf(call) + 1), createdAt: reply.number(0) }));
    },
  );

  return async (submission, known) => {
    const { id, model, spec, cacheKey, price } = submission;
    const others = spec.webhook !== undefined || price?.account !== undefined;
    if (cacheKey === undefined || spec.mode !== 'use' || spec.delay || others) return undefined;
    const terms = [milliseconds(model.retention), milliseconds(spec.ttl)];
    const call = { submission, cacheKey, known };
    const { kind, createdAt } = await batches.ask([prefixOf(id), ...terms].join(' '), call, 0);
    if (kind === 'exists') return { kind };
    if (kind !== 'hit') return undefined;
    return { kind, createdAt, run: known.run, output: known.output };
  };
}

function ofTenant({ submission }: Call): string[] {
  return [submission.tenant];
}

function ofJob({ submission, cacheKey, known }: Call): string[] {
  return [submission.id, toFacts(submission), cacheKey, known.run];
}
