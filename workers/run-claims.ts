import {
  createRedisBackend,
  type BackendFactory,
  type JobJson,
  type RedisQueueBackend,
  type Worker,
} from 'bullmq';
import type { Outcome, Settlement } from '../shared/ports.ts';
import type { Beginning, Claim, Claims, ClaimTerms } from '../shared/redis/claims.ts';
import { JOB_OPTIONS } from '../shared/redis/work-queue.ts';
import type { Room } from './room.ts';

export interface RunClaimsParts {
  claims: Claims;
  code: string;
  room: Room;
}

/** What BullMQ tells its worker: the job, its id, ms until the rate allows one, when the next delayed one is due. */
type NextJob = [JobJson | null, string | undefined, number, number];

/** How the BullMQ worker of one model gets its runs and gives them back. */
export interface RunClaims {
  /** BullMQ's own, but runs are claimed and finished by `Claims`. */
  backend: BackendFactory<RedisQueueBackend>;
  /** What became of starting the run as it was claimed, for whoever sees it through: once, with a place in the room. */
  begun(run: string): Beginning | undefined;
  /**
   * Settles the run of a BullMQ job whose lock has the token. What BullMQ has to do when its processor returns is done
   * with that, the next run included while `takesNext`.
   */
  settle(
    job: object,
    lock: string,
    run: { run: string; token: number },
    outcome: Outcome,
    takesNext: boolean,
  ): Promise<Settlement>;
}

/** What BullMQ's worker is told when there is none. */
const NONE: NextJob = [null, undefined, 0, 0];

/** One a model. */
export function createRunClaims({ claims, code, room }: RunClaimsParts): RunClaims {
  /** In the order in which they are asked for, as a rule. */
  const begun: { run: string; started: Beginning }[] = [];
  /** BullMQ has forgotten these jobs, and may have given the worker its next one. */
  const finished = new WeakMap<object, { next: Claim | undefined }>();
  /**
   * BullMQ's worker looks for another run before it sees to the one that it has; where that was the last it need not ask.
   * Whoever adds one sets BullMQ's marker then, for which the worker waits: once it has waited, or has given a run back
   * in another way, there may be one.
   */
  let hadLast = false;

  /** A run that is started has a place from before: whoever is to be alone must not come between. */
  async function claiming<Result>(
    token: string,
    work: (terms: ClaimTerms) => Promise<Result>,
    claimOf: (result: Result) => Claim | undefined,
  ): Promise<Result> {
    const starts = room.reserve();
    let isTaken = false;
    let isLast = false;
    try {
      const result = await work({ token, starts });
      const claim = claimOf(result);
      const { run, started } = claim ?? {};
      isLast = claim?.isLast ?? false;
      if (run !== undefined && started !== undefined) {
        begun.push({ run, started });
        isTaken = true;
      }
      return result;
    } finally {
      hadLast = isLast;
      if (starts && !isTaken) room.leave();
    }
  }

  function take(token: string): Promise<Claim> {
    return claiming(
      token,
      (terms) => claims.take(code, terms),
      (claim) => claim,
    );
  }

  async function lookingAnew<Result>(work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } finally {
      hadLast = false;
    }
  }

  /** Undefined where the end of the job is BullMQ's to bring about. */
  async function endOf(job: object, token: string, fetchNext: boolean) {
    const end = finished.get(job);
    if (!end) return undefined;
    finished.delete(job);
    const next = end.next ?? (fetchNext ? await take(token) : undefined);
    return { result: next && toNextJob(next), finishedOn: Date.now() };
  }

  const backend: BackendFactory<RedisQueueBackend> = (queue, opts, options) => {
    const own = createRedisBackend(queue, opts, options);
    const moveToCompleted = own.moveToCompleted.bind(own);
    const moveToFailed = own.moveToFailed.bind(own);
    const moveToDelayed = own.moveToDelayed.bind(own);
    const waitForJob = own.waitForJob.bind(own);
    own.moveToActive = async (token) => {
      if (!hadLast) return toNextJob(await take(token));
      hadLast = false;
      return NONE;
    };
    own.waitForJob = (seconds) => lookingAnew(waitForJob(seconds));
    own.moveToCompleted = async (job, value, keep, token, fetchNext) =>
      (await endOf(job, token, fetchNext)) ??
      lookingAnew(moveToCompleted(job, value, keep, token, fetchNext));
    own.moveToFailed = async (job, reason, keep, token, fetchNext, fields) =>
      (await endOf(job, token, fetchNext)) ??
      lookingAnew(moveToFailed(job, reason, keep, token, fetchNext, fields));
    own.moveToDelayed = (...how) => lookingAnew(moveToDelayed(...how));
    return own;
  };

  return {
    backend,
    begun(run) {
      const index = begun.findIndex((beginning) => beginning.run === run);
      return index < 0 ? undefined : begun.splice(index, 1)[0]?.started;
    },
    async settle(job, lock, run, outcome, takesNext) {
      const finish = await claiming(
        lock,
        (terms) => claims.finish(run, outcome, { ...terms, takesNext }),
        ({ next }) => next,
      );
      if (finish.isForgotten) finished.set(job, { next: finish.next });
      return finish.settlement;
    },
  };
}

/** Whether a worker that has ended a run would take another one. */
export function takesMore(worker: Worker, inHand: number): boolean {
  return !worker.closing && !worker.isPaused() && inHand <= worker.concurrency;
}

/** As BullMQ's scripts answer it; of the job in Redis a worker of ours needs nothing. */
function toNextJob({ run, pauseMs, dueAt }: Claim): NextJob {
  return [run === undefined ? null : toJobJson(run), run, pauseMs, dueAt];
}

function toJobJson(id: string): JobJson {
  const now = Date.now();
  return {
    id,
    name: 'run',
    data: '{}',
    opts: { ...JOB_OPTIONS },
    progress: 0,
    attemptsMade: 0,
    attemptsStarted: 1,
    stalledCounter: 0,
    timestamp: now,
    processedOn: now,
    failedReason: '',
    // BullMQ parses it, and what is no JSON costs it an exception.
    returnvalue: 'null',
  };
}
