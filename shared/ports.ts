import type { ModelSpec } from './model.ts';
import type { JobSpec, StoredJob } from './stored-job.ts';
import type { JobStatus } from './job-status.ts';
import type { Text } from './text.ts';

/** The price of a job's model call, and the period of the tenant's budget in which it was set aside, if any. */
export interface Price {
  cost?: number | undefined;
  account?: string | undefined;
  /** The budget does not have it: take the job only where the cache has its answer. */
  onlyCached?: boolean;
}

/** A job on its way in. Times are milliseconds; an absent `cacheKey` means results are not shared. */
export interface Submission {
  id: string;
  tenant: string;
  model: ModelSpec;
  spec: JobSpec;
  input: Text;
  cacheKey: string | undefined;
  /** How many jobs of the tenant may wait for the model, where that is not as many as the model allows. */
  mostOfTenant?: number;
  /** The API replica at which the client waits. */
  waiter: string | undefined;
  price?: Price;
  /** BullMQ gets it in the same step, where it may start at once. */
  handOver?: boolean;
}

export type Full = { kind: 'full'; of: 'model' | 'tenant'; depth: number; rate: number };

/** What became of a submission. `rate` is in starts a second, 0 where it is not known; `position` 1 is next. */
export type Admission =
  | { kind: 'exists' }
  /** The output is that of the run. */
  | { kind: 'hit'; createdAt: number; run: string; output: Text }
  | { kind: 'joined'; createdAt: number; run: string; status: JobStatus }
  | {
      kind: 'queued';
      createdAt: number;
      priority: number;
      position: number;
      rate: number;
      /** BullMQ has it already. */
      handedOver: boolean;
    }
  | { kind: 'late'; position: number; rate: number }
  | { kind: 'not cached' }
  | Full;

/** A run as its worker gets it. `spent` counts the attempts of this run that failed before. */
export interface StartedRun {
  run: string;
  token: number;
  startedAt: number;
  jobId: string;
  spec: JobSpec;
  input: Text;
  tenant: string;
  model: string;
  version: string;
  attempt: number;
  spent: number;
  waitedMs: number;
  /** The attempt before, where its worker died and never settled it. */
  lost?: { startedAt: number; worker: string } | undefined;
  /** Its workers died too often: it is to be failed, not called. That is no attempt. */
  givenUp: boolean;
  /** The jobs that first start now and whose clients asked to be told. */
  told: string[];
}

/** How an attempt ended. `error` is JSON, `attempt` has lines as attempt-history.ts has them. */
export type Outcome =
  | { kind: 'succeeded'; output: Text; attempt: string; cacheTtlMs: number }
  | { kind: 'failed'; error: string; attempt: string }
  | { kind: 'handover'; error: string; attempt: string }
  | { kind: 'putback'; attempt: string; counts: boolean };

/** `owed` are the jobs that ended and whose clients wait for a webhook. */
export type Settlement =
  | { kind: 'stale' }
  | { kind: 'settled'; owed: string[] }
  | { kind: 'handover'; run: string; priority: number; owed: string[] }
  | { kind: 'queued' };

/** The job is as this very step left it, without its output. */
export type Leaving =
  | { kind: 'missing' }
  | { kind: 'not due' }
  | { kind: 'ended'; job: StoredJob }
  | { kind: 'left'; job: StoredJob; abandoned: boolean; was: JobStatus };

/** The job is as this very step left it. */
export type Retrial =
  | { kind: 'missing' }
  | { kind: 'removed' }
  | { kind: 'refused'; status: JobStatus }
  | { kind: 'queued'; job: StoredJob; priority: number }
  | Full;

export type RunEventKind = 'progress' | 'output' | 'log';

/** The records of jobs: the truth that clients see. Each change is one atomic script. */
export interface JobStore {
  admit(submission: Submission): Promise<Admission>;
  /** For a worker that has no other run in hand. Undefined where nobody waits for the run any more. */
  start(run: string, worker: string): Promise<StartedRun | undefined>;
  /** For one that may have others: `alone` where the run may have killed workers, and must not take those along. */
  startAmongOthers(run: string, worker: string): Promise<StartedRun | 'alone' | undefined>;
  settle(run: string, token: number, outcome: Outcome): Promise<Settlement>;
  leave(id: string, reason: 'canceled' | 'expired'): Promise<Leaving>;
  retry(job: StoredJob, model: ModelSpec, mostOfTenant?: number, price?: Price): Promise<Retrial>;
  /** False where the token is stale. `data` is JSON. */
  append(run: string, token: number, events: { kind: RunEventKind; data: string }[]): Promise<boolean>;
  /** Undefined for a job of another tenant than the one named, as for one that is not there. */
  read(id: string, include?: { input?: boolean; tenant?: string }): Promise<StoredJob | undefined>;
}
