import type { Outcome, Settlement, StartedRun } from '../ports.ts';
import type { RedisConnection } from './connection.ts';
import { keyPrefix, prefixOf } from './keys.ts';
import { settleArguments } from './script-arguments.ts';
import { Reply } from './reply.ts';
import { parseSettlement, parseStart } from './script-answers.ts';
import { createScripts } from './scripts.ts';

/** How a worker takes a run from BullMQ. */
export interface ClaimTerms {
  /** What BullMQ's lock gets. */
  token: string;
  lockMs: number;
  worker: string;
  /** Whether the run is started at once, as it would be among others. */
  starts: boolean;
}

/** What a worker has got. */
export interface Claim {
  /** None where none waits, or none may start now. */
  run: string | undefined;
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
 * one where a worker has always something to do.
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

export function createClaims(redis: RedisConnection): Claims {
  const script = createScripts(redis);
  return {
    async take(code, terms) {
      const prefix = keyPrefix(code);
      return parseClaim(
        await script('claim', `${prefix}jobs:meta`, prefix, terms.token, ...claimArguments(terms)),
      );
    },
    async finish({ run, token }, outcome, terms) {
      const prefix = prefixOf(run);
      const end = [run, token, ...settleArguments(outcome)];
      const next = [terms.token, terms.takesNext ? 1 : 0, ...claimArguments(terms)];
      const reply: unknown = await script('finish', `${prefix}run:${run}`, prefix, ...end, ...next);
      if (!Array.isArray(reply)) throw new TypeError('The script answered no list');
      const [settled, isForgotten, claimed]: unknown[] = reply;
      return {
        settlement: parseSettlement(new Reply(settled)),
        isForgotten: isForgotten === 1,
        next: claimed ? parseClaim(claimed) : undefined,
      };
    },
  };
}

/** The worker's clock, which BullMQ goes by. */
function claimArguments({ lockMs, worker, starts }: ClaimTerms): (string | number)[] {
  return [lockMs, worker, Date.now(), starts ? 1 : 0];
}

function parseClaim(reply: unknown): Claim {
  if (!Array.isArray(reply)) throw new TypeError('The script answered no list');
  const [run, pauseMs, dueAt, started]: unknown[] = reply;
  const name = String(run);
  return {
    run: name === '' ? undefined : name,
    pauseMs: Number(pauseMs),
    dueAt: Number(dueAt),
    started: started ? (parseStart(name, new Reply(started)) ?? 'ended') : undefined,
  };
}
