import { HANDICAPS, share } from '../fair-share.ts';
import type { Admission, JobStore, Submission } from '../ports.ts';
import { toField } from '../text.ts';
import { prefixOf } from './keys.ts';
import type { NearCache } from './near-cache.ts';
import { createNearHits } from './near-hits.ts';
import { toFacts } from './record.ts';
import { Reply } from './reply.ts';
import { milliseconds, priceArguments } from './script-arguments.ts';
import { parseAdmission } from './script-answers.ts';
import type { RunScript } from './scripts.ts';
import { groupByTenant } from './tenant-groups.ts';
import { createTurnBatches } from './turn-batches.ts';

/** So that Redis serves others within two milliseconds. */
const TOGETHER = { calls: 16, characters: 64 * 1024 };

interface Call {
  submission: Submission;
  terms: (string | number)[];
  /** What its tenant's jobs have in common. */
  ofTenant: (string | number)[];
  input: string;
}

/** Takes jobs in, those of one turn of the event loop in one step where they are of one model and have the same terms. */
export function createAdmissions(run: RunScript, near: NearCache | undefined): JobStore['admit'] {
  const answerNear = createNearHits(run);
  const batches = createTurnBatches<Call, Reply>(TOGETHER, async (_key, calls) => {
    const [first] = calls;
    if (!first) return [];
    const { id } = first.submission;
    const { args, placeOf } = groupByTenant(calls, ({ ofTenant }) => ofTenant, argumentsOf);
    const answers: unknown = await run(
      'admit',
      `${prefixOf(id)}job:${id}`,
      prefixOf(id),
      ...first.terms,
      ...args,
    );
    if (!Array.isArray(answers)) throw new TypeError('The script answered no list');
    return calls.map((call) => {
      const answer: unknown = answers[placeOf(call)];
      return answer instanceof Error ? answer : new Reply(answer);
    });
  });

  async function admit(submission: Submission): Promise<Admission> {
    const { id, cacheKey, price } = submission;
    const terms = termsOf(submission);
    // Where only a cached answer will do the input is of no use.
    const input = price?.onlyCached ? '' : toField(submission.input);
    const call = { submission, terms, ofTenant: ofTenant(submission), input };
    const reply = await batches.ask(`${prefixOf(id)} ${terms.join('\0')}`, call, input.length);
    if (reply.text(0) === 'again') return admit(submission);
    const admission = parseAdmission(reply);
    if (near && cacheKey !== undefined && admission.kind === 'hit') {
      const { run, output } = admission;
      if (typeof output === 'string') near.keep(cacheKey, { run, output });
    }
    return admission;
  }

  return async (submission) => {
    const { cacheKey } = submission;
    const known = cacheKey === undefined ? undefined : near?.find(cacheKey);
    return (known && (await answerNear(submission, known))) ?? admit(submission);
  };
}

/** What jobs must have in common to be taken in together, as `admit-1.lua` has it. */
function termsOf({ model, spec, cacheKey, waiter, price = {}, handOver }: Submission): (string | number)[] {
  return [
    cacheKey === undefined ? '' : spec.mode,
    milliseconds(spec.ttl === undefined ? undefined : spec.ttl + (spec.delay ?? 0)),
    milliseconds(spec.delay),
    spec.priority,
    HANDICAPS[spec.priority],
    model.queue.max_depth,
    milliseconds(model.retention),
    spec.webhook || price.account ? 1 : 0,
    waiter ?? '',
    ...priceArguments(price),
    price.onlyCached ? 1 : 0,
    handOver ? 1 : 0,
  ];
}

function ofTenant({ tenant, model, spec, mostOfTenant }: Submission): (string | number)[] {
  return [tenant, share(spec.weight), mostOfTenant ?? model.queue.max_depth_per_tenant];
}

/** What is a job's own. */
function argumentsOf({ submission, input }: Call): string[] {
  const { id, spec, cacheKey, price } = submission;
  // Of an answer from the cache nobody asks whose twin it is.
  const shared = spec.mode === 'bypass' || price?.onlyCached ? undefined : cacheKey;
  return [id, toFacts(submission, shared), input, cacheKey ?? ''];
}
