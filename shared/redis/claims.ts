import type { Outcome, Settlement, StartedRun } from '../ports.ts';
import type { RedisConnection } from './connection.ts';
import { keyPrefix, prefixOf } from './keys.ts';
import { settleArguments } from './script-arguments.ts';
import { Reply } from './reply.ts';
import { parseSettlement, parseStart } from './script-answers.ts';
import { createScripts } from './scripts.ts';
import { createTurnBatches } from './turn-batches.ts';

/** Who takes runs from BullMQ. */
export interface Claimant {
  worker: string;
  /** How long BullMQ's locks hold. */
  lockMs: number;
}

/** How a worker takes a run. */
export interface ClaimTerms {
  /** What BullMQ's lock gets. */
  token: string;
  /** Whether the run is started at once, as it would be among others. */
  starts: boolean;
}

/** What a worker has got. */
export interface Claim {
  /** None where none waits, or none may start now. */
  run: string | undefined;
  /** Whether BullMQ had none behind it, though the model has room: whoever adds one sets BullMQ's marker then. */
  isLast: boolean;
  /** What `startAmongOthers` would have answered, undefined as `ended`; undefined where nothing was started. */
  started: Beginning | undefined;
  /** Ms until the model's rate allows another run; else 0. */
  pauseMs: number;
  /** When the next delayed run is due, epoch ms; else 0. */
  dueAt: number;
}

export type Beginning = StartedRun | 'alone' | 'ended';

export interface Finish {
  settlement: Settlement;
  /** BullMQ does not know the run any more. */
  isForgotten: boolean;
  /** Undefined where none was looked for. */
  next: Claim | undefined;
}

/**
 * The ends of a run's way through BullMQ, each in one step with what the job store does there: three scripts a run are
 * one where a worker has always something to do, and one for several runs where they end in one turn of the event loop.
 */
export interface Claims {
  /** Takes the next run of a model. */
  take(code: string, terms: ClaimTerms): Promise<Claim>;
  /** Settles a run; where it is done with, takes it out of BullMQ, and the next one of its model where `takesNext`. */
  finish(
    run: { run: string; token: number },
    outcome: Outcome,
    terms: ClaimTerms & { takesNext: boolean },
  ): Promise<Finish>;
}

/** The arguments of one run, as `finish-1.lua` has them. */
type Ending = (string | number)[];

const MOST_AT_ONCE = { calls: 16, characters: 64_000 };

export function createClaims(redis: RedisConnection, { worker, lockMs }: Claimant): Claims {
  const script = createScripts(redis);
  const endings = createTurnBatches<Ending, unknown>(MOST_AT_ONCE, async (prefix, calls) => {
    const reply = await script(
      'finish',
      `${prefix}jobs:meta`,
      prefix,
      lockMs,
      worker,
      Date.now(),
      ...calls.flat(),
    );
    return toFields(reply);
  });

  return {
    async take(code, { token, starts }) {
      const prefix = keyPrefix(code);
      // BullMQ goes by the worker's clock.
      const terms = [token, lockMs, worker, Date.now(), starts ? 'starts' : 'claims'];
      return parseClaim(await script('claim', `${prefix}jobs:meta`, prefix, ...terms));
    },
    async finish({ run, token }, outcome, terms) {
      const takes = terms.takesNext ? (terms.starts ? 'starts' : 'claims') : '';
      const ending = [run, token, ...settleArguments(outcome), terms.token, takes];
      const output = outcome.kind === 'succeeded' ? outcome.output : '';
      return parseFinish(
        await endings.ask(prefixOf(run), ending, typeof output === 'string' ? output.length : 0),
      );
    },
  };
}

function parseFinish(reply: unknown): Finish {
  const fields = toFields(reply);
  const [way, kind] = fields;
  const takes = way === 2;
  return {
    settlement: parseSettlement(new Reply(takes ? [kind] : fields.slice(1))),
    isForgotten: way !== 0,
    next: takes ? parseClaim(fields.slice(2)) : undefined,
  };
}

function parseClaim(reply: unknown): Claim {
  const fields = toFields(reply);
  const [run, second, third] = fields;
  const name = String(run);
  if (name === '')
    return {
      run: undefined,
      isLast: false,
      started: undefined,
      pauseMs: Number(second),
      dueAt: Number(third),
    };
  return {
    run: name,
    isLast: second === 1,
    pauseMs: 0,
    dueAt: 0,
    started: fields.length > 3 ? (parseStart(name, new Reply(fields.slice(3))) ?? 'ended') : undefined,
  };
}

function toFields(reply: unknown): unknown[] {
  if (!Array.isArray(reply)) throw new TypeError('The script answered no list');
  return reply;
}
