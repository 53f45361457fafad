import { isTerminal, type JobStatus, type TerminalStatus } from '../../shared/job-status.ts';

/** What the store must make of a job; see `shared/job-status.ts` for the states. */
export interface ModelJob {
  id: string;
  tenant: string;
  key: string | undefined;
  status: JobStatus;
  run: string;
  attempts: number;
  retries: number;
  output: string | null;
  failed: boolean;
  started: boolean;
  ttl: boolean;
  overdue: boolean;
  hooks: readonly TerminalStatus[];
  /** Every end that it came to, the last one last. */
  ends: TerminalStatus[];
}

/** One call of the model, for the jobs that wait for it: the owner first, then in the order in which they joined. */
interface ModelRun {
  id: string;
  jobs: ModelJob[];
  token: number | undefined;
  tokens: number;
  /** How often a worker that had it was never heard of again, as far as is known. */
  deaths: number;
  waited: boolean;
  /** Of its starts too somebody is told. */
  read: boolean;
}

export interface ModelSubmission {
  id: string;
  tenant: string;
  key: string | undefined;
  mode: 'use' | 'refresh' | 'bypass';
  ttl: boolean;
  delayed: boolean;
  waits: boolean;
  hooks: readonly TerminalStatus[];
}

export type ModelOutcome = 'succeeded' | 'failed' | 'handover' | 'putback';

/** The job store as a few plain rules, with time as something that is told. Each change answers what the store must. */
export function createJobModel() {
  const jobs = new Map<string, ModelJob>();
  const runs = new Map<string, ModelRun>();
  const flights = new Map<string, string>();
  const cached = new Map<string, string>();
  /** The runs of which someone must have been told since the set was emptied. */
  const woken = new Set<string>();

  function open(id: string, members: ModelJob[], waited: boolean, read = false): void {
    runs.set(id, { id, jobs: members, token: undefined, tokens: 0, deaths: 0, waited, read });
    for (const job of members) Object.assign(job, { run: id, status: 'queued' });
  }

  function close({ id }: ModelRun): void {
    runs.delete(id);
    for (const [key, run] of flights) if (run === id) flights.delete(key);
  }

  function wake(run: ModelRun): void {
    if (run.waited) woken.add(run.id);
  }

  function end(job: ModelJob, status: TerminalStatus): void {
    Object.assign(job, { status, failed: status === 'failed' });
    job.ends.push(status);
  }

  function leave(id: string, reason: 'canceled' | 'expired'): string {
    const job = jobs.get(id);
    const run = runs.get(job?.run ?? '');
    if (!job || !run || isTerminal(job.status)) return 'ended';
    if (reason === 'expired' && !isDue(job)) return 'not due';
    end(job, reason);
    run.jobs = run.jobs.filter((other) => other !== job);
    wake(run);
    if (run.jobs.length === 0) close(run);
    return 'left';
  }

  return {
    jobs,
    runs,
    woken,
    leave,

    submit({ id, tenant, key, mode, ttl, delayed, waits, hooks }: ModelSubmission): string {
      if (jobs.has(id)) return 'exists';
      const seed = { output: null, failed: false, started: false, overdue: false, attempts: 0, retries: 0 };
      const job: ModelJob = { ...seed, id, tenant, key, ttl, hooks, run: id, status: 'queued', ends: [] };
      jobs.set(id, job);
      const shares = key !== undefined && mode === 'use' && !delayed;
      const output = shares ? cached.get(key) : undefined;
      if (output !== undefined) {
        end(job, 'succeeded');
        job.output = output;
        return 'hit';
      }
      const run = runs.get(shares ? (flights.get(key) ?? '') : '');
      if (run) {
        run.jobs.push(job);
        run.waited ||= waits;
        const running = run.token !== undefined;
        Object.assign(job, { run: run.id, status: running ? 'running' : 'queued', started: running });
        job.attempts = running ? 1 : 0;
        return 'joined';
      }
      open(id, [job], waits);
      if (key !== undefined && !delayed) flights.set(key, id);
      return 'queued';
    },

    /** The token, or undefined where nobody waits. */
    start(id: string): number | undefined {
      for (const job of runs.get(id)?.jobs ?? []) if (isDue(job)) leave(job.id, 'expired');
      const run = runs.get(id);
      if (!run) return undefined;
      if (run.token !== undefined) run.deaths += 1;
      // From then on it is only to be given up, which is no attempt.
      const more = run.deaths < 3 ? 1 : 0;
      for (const job of run.jobs) {
        Object.assign(job, { status: 'running', started: true, attempts: job.attempts + more });
        if (job === run.jobs[0] && job.key !== undefined && !flights.has(job.key)) flights.set(job.key, id);
      }
      run.token = ++run.tokens;
      if (run.read) wake(run);
      return run.token;
    },

    settle(id: string, token: number, outcome: ModelOutcome, output: string, caches: boolean): string {
      const run = runs.get(id);
      const [first, heir, ...others] = run?.jobs ?? [];
      if (run?.token !== undefined && run.token !== token && run.deaths > 0) run.deaths -= 1;
      if (!run || !first || run.token !== token) return 'stale';
      wake(run);
      if (outcome === 'putback') {
        run.deaths = 0;
        run.token = undefined;
        for (const job of run.jobs) job.status = 'queued';
        return 'queued';
      }
      if (outcome === 'handover' && heir) {
        end(first, 'failed');
        if (first.key !== undefined && flights.get(first.key) === id) flights.set(first.key, heir.id);
        close(run);
        open(heir.id, [heir, ...others], run.waited, run.read);
        return 'handover';
      }
      for (const job of run.jobs) end(job, outcome === 'succeeded' ? 'succeeded' : 'failed');
      if (outcome === 'succeeded') {
        for (const job of run.jobs) job.output = output;
        if (first.key !== undefined && caches) cached.set(first.key, output);
      }
      close(run);
      return 'settled';
    },

    retry(id: string): string {
      const job = jobs.get(id);
      if (!job || !isTerminal(job.status) || job.status === 'succeeded') return 'refused';
      Object.assign(job, { started: false, overdue: false, failed: false, retries: job.retries + 1 });
      open(`${id}~${job.retries}`, [job], false);
      return 'queued';
    },
  };
}

export type JobModel = ReturnType<typeof createJobModel>;

/** A ttl bounds the wait for the first start, whatever comes after. */
function isDue({ status, started, overdue }: ModelJob): boolean {
  return status === 'queued' && !started && overdue;
}
