import type { Admission, Submission } from '../ports.ts';
import { prefixOf } from './keys.ts';
import type { NearOutput } from './near-cache.ts';
import { toFacts } from './record.ts';
import { milliseconds, priceArguments } from './script-arguments.ts';
import type { RunScript } from './scripts.ts';
import { groupByTenant } from './tenant-groups.ts';
import { createTurnBatches } from './turn-batches.ts';

const TOGETHER = { calls: 32, characters: 64 * 1024 };

interface Call {
  submission: Submission;
  cacheKey: string;
  known: NearOutput;
  terms: (string | number)[];
  facts: string;
}

/** What became of one: `hit`, `exists` or `not cached`, and when. */
interface Answer {
  kind: unknown;
  createdAt: number;
}

/** Takes a job in that Redis has the known output for; undefined where it hasn't. */
export type AnswerNear = (submission: Submission, known: NearOutput) => Promise<Admission | undefined>;

/** Answers of one turn of the event loop are given in one step where they are of one model and have the same terms. */
export function createNearHits(run: RunScript): AnswerNear {
  const batches = createTurnBatches<Call, Answer>(TOGETHER, async (_key, calls) => {
    const [first] = calls;
    if (!first) return [];
    const { id } = first.submission;
    const { args, placeOf } = groupByTenant(calls, ofTenant, ofJob);
    const prefix = prefixOf(id);
    const answers: unknown = await run('hit', `${prefix}job:${id}`, prefix, ...first.terms, ...args);
    if (!Array.isArray(answers)) throw new TypeError('The script answered no list');
    return calls.map((call) => {
      const kind: unknown = answers[placeOf(call) + 1];
      return kind instanceof Error ? kind : { kind, createdAt: Number(answers[0]) };
    });
  });

  return async (submission, known) => {
    const { id, spec, cacheKey } = submission;
    if (cacheKey === undefined || spec.mode !== 'use' || spec.delay) return undefined;
    const call: Call = {
      submission,
      cacheKey,
      known,
      terms: termsOf(submission),
      facts: toFacts(submission),
    };
    const key = `${prefixOf(id)} ${call.terms.join(' ')}`;
    const { kind, createdAt } = await batches.ask(key, call, call.facts.length);
    if (kind === 'exists') return { kind };
    return kind === 'hit' ? { kind, createdAt, run: known.run, output: known.output } : undefined;
  };
}

/** What jobs must have in common to be answered together, as `hit-1.lua` has it. */
function termsOf({ model, spec, price = {} }: Submission): (string | number)[] {
  const others = spec.webhook || price.account ? 1 : 0;
  return [milliseconds(model.retention), milliseconds(spec.ttl), others, ...priceArguments(price)];
}

function ofTenant({ submission }: Call): string[] {
  return [submission.tenant];
}

function ofJob({ submission, cacheKey, known, facts }: Call): string[] {
  return [submission.id, facts, cacheKey, known.run];
}
