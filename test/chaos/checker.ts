import { isTerminal } from '../../shared/job-status.ts';

/** What a client, a receiver and the broker say of the same jobs, each for itself. */
export interface Evidence {
  /** What the client was told is kept; the same key twice where it had to repeat itself. */
  acknowledged: readonly { key: string; id: string }[];
  /** What the broker says at the end; a job that it does not know has no entry. */
  jobs: ReadonlyMap<string, EndedJob>;
  /** What the receiver got, in order; undefined where no webhook was asked for. */
  heard: readonly HeardWebhook[] | undefined;
}

export interface EndedJob {
  status: string;
  /** Milliseconds, by the clock of this machine; null of a job that has not ended. */
  completedAt: number | null;
}

export interface HeardWebhook {
  job: string;
  webhookId: string;
  status: string;
  at: number;
}

/** Ids of jobs, under what is wrong with them. */
export interface Faults extends Record<string, string[]> {
  /** Acknowledged, and the broker does not know it. */
  lost: string[];
  /** Acknowledged, and it has not ended. */
  stuck: string[];
  /** Ended, and nobody was told. */
  unheard: string[];
  /** A second job for one key. */
  twins: string[];
  /** Told again: once for each time too many. */
  doubled: string[];
  /** Told again under another id, so that the receiver cannot know. */
  renamed: string[];
  /** Told before the end, or of another end than the job has. */
  early: string[];
  /** Told of a job that nobody was given. */
  foreign: string[];
}

/** Finds what went wrong from the three records. */
export function check({ acknowledged, jobs, heard }: Evidence): Faults {
  const ids = [...new Set(acknowledged.map(({ id }) => id))];
  const known = ids.filter((id) => jobs.has(id));
  const hasEnded = (id: string) => isTerminal(jobs.get(id)?.status ?? '');
  const ended = known.filter(hasEnded);
  return {
    lost: ids.filter((id) => !jobs.has(id)),
    stuck: known.filter((id) => !hasEnded(id)),
    twins: twinsOf(acknowledged),
    ...checkWebhooks(new Set(ids), ended, jobs, heard),
  };
}

type WebhookFaults = Pick<Faults, 'unheard' | 'doubled' | 'renamed' | 'early' | 'foreign'>;

function checkWebhooks(
  ids: ReadonlySet<string>,
  ended: readonly string[],
  jobs: Evidence['jobs'],
  heard: Evidence['heard'],
): WebhookFaults {
  if (!heard) return { unheard: [], doubled: [], renamed: [], early: [], foreign: [] };
  const names = new Map<string, string[]>();
  for (const { job, webhookId } of heard) names.set(job, [...(names.get(job) ?? []), webhookId]);
  return {
    unheard: ended.filter((id) => !names.has(id)),
    doubled: [...names].flatMap(([id, all]) => all.slice(1).map(() => id)),
    renamed: [...names].filter(([, all]) => new Set(all).size > 1).map(([id]) => id),
    early: heard.filter((webhook) => isEarly(webhook, jobs.get(webhook.job))).map(({ job }) => job),
    foreign: [...names.keys()].filter((id) => !ids.has(id)),
  };
}

function isEarly({ status, at }: HeardWebhook, job: EndedJob | undefined): boolean {
  if (!job) return false;
  return job.completedAt === null || at < job.completedAt || status !== job.status;
}

function twinsOf(acknowledged: Evidence['acknowledged']): string[] {
  const first = new Map<string, string>();
  const twins = new Set<string>();
  for (const { key, id } of acknowledged) {
    const known = first.get(key) ?? id;
    first.set(key, known);
    if (known !== id) twins.add(id);
  }
  return [...twins];
}

/** Those kinds of faults that there are, as `2 lost, 1 stuck`; empty when there is none. */
export function describeFaults(faults: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(faults)
    .filter(([, ids]) => ids.length > 0)
    .map(([kind, ids]) => `${ids.length} ${kind}`)
    .join(', ');
}
