import { useEffect, useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { Job } from '../../shared/job.ts';
import { isTerminal } from '../../shared/job-status.ts';
import { call } from '../api/client.ts';
import { useMay } from '../api/identity.ts';
import { CopyButton } from '../parts/copy.tsx';
import { DataView } from '../parts/data-view.tsx';
import { Empty, FaultNote } from '../parts/empty.tsx';
import { duration, moment } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { StatusBadge } from '../parts/status.tsx';
import { attempt } from '../parts/toast.tsx';
import { JobDeliveries } from './job-deliveries.tsx';
import { JobEventLog } from './job-event-log.tsx';
import { tenantPath } from './job-filter.tsx';
import { curlSnippet } from './snippets.ts';
import { useJob } from './use-job.ts';
import { Waterfall } from './waterfall-view.tsx';

const TICK_MS = 250;

/** One job from its submission to its last webhook. */
export function JobPage({ id, tenant = '' }: { id: string; tenant?: string }) {
  const path = `${tenantPath(tenant)}/jobs/${id}`;
  const { job, deliveries, events, streamed, fault, restart } = useJob(path);
  const now = useNow(job !== undefined && !isTerminal(job.status));
  if (!job) {
    if (fault === undefined) return <div class="splash" aria-busy="true" />;
    return (
      <Empty icon="warning" title="There is no such job here" command="npx inferq jobs ls">
        {fault}
      </Empty>
    );
  }
  const isOver = isTerminal(job.status);
  return (
    <>
      <JobHeader job={job} path={path} isForeign={tenant !== ''} onChange={restart} />
      <FaultNote fault={fault} />
      {job.error && (
        <div class="fault" role="alert">
          <Icon name="warning" />
          <span>
            <b class="mono">{job.error.error_type}</b> · {job.error.detail}
          </span>
        </div>
      )}
      <Facts job={job} />
      <Waterfall job={job} deliveries={deliveries} now={now} />
      <div class="columns">
        <section class="card" aria-labelledby="input-heading">
          <h2 id="input-heading">Input</h2>
          <div class="body">
            {job.data_removed ? <Removed /> : <DataView value={job.input} label="Input" />}
          </div>
        </section>
        <section class="card" aria-labelledby="output-heading">
          <h2 id="output-heading">Output</h2>
          <div class="body" aria-busy={!isOver}>
            {isOver ? <Output job={job} /> : <Unfinished job={job} streamed={streamed} />}
          </div>
        </section>
      </div>
      <JobDeliveries deliveries={deliveries} path={path} isForeign={tenant !== ''} />
      <JobEventLog events={events} isOver={isOver} />
    </>
  );
}

function useNow(isTicking: boolean): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    setNow(Date.now());
    if (!isTicking) return undefined;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isTicking]);
  return now;
}

interface HeaderProps {
  job: Job;
  path: string;
  isForeign: boolean;
  onChange: () => void;
}

function JobHeader({ job, path, isForeign, onChange }: HeaderProps) {
  const may = useMay();
  const [isBusy, setBusy] = useState(false);
  const post = async (action: 'cancel' | 'retry', done: string): Promise<void> => {
    setBusy(true);
    if (await attempt(() => call(`${path}/${action}`, { method: 'POST' }), done)) onChange();
    setBusy(false);
  };
  const isOver = isTerminal(job.status);
  const mayRetry = isOver && job.status !== 'succeeded' && !job.data_removed;
  const body = { model: `${job.model}@${job.version}`, input: job.input, metadata: job.metadata };
  return (
    <header class="page job">
      <h1 class="mono">{job.id}</h1>
      <CopyButton text={job.id} label="Copy the id" />
      <StatusBadge status={job.status} />
      <span class="actions">
        <CopyButton text={() => curlSnippet({ origin: location.origin, body })} label="Copy as curl">
          Copy as curl
        </CopyButton>
        {may('jobs:write') && (
          <>
            {!isForeign && (
              <Link class="button" href={`/playground?job=${job.id}`}>
                <Icon name="playground" /> Open in the playground
              </Link>
            )}
            <button
              type="button"
              disabled={isOver || isBusy}
              onClick={() => void post('cancel', 'Canceled.')}
            >
              <Icon name="cancel" /> Cancel
            </button>
            <button
              type="button"
              disabled={!mayRetry || isBusy}
              onClick={() => void post('retry', 'Queued again.')}
            >
              <Icon name="retry" /> Retry
            </button>
          </>
        )}
      </span>
    </header>
  );
}

function Facts({ job }: { job: Job }) {
  const { metrics } = job;
  return (
    <dl class="facts">
      <Fact name="Model">
        <Link href={`/models/${job.model}@${job.version}`}>
          {job.model}@{job.version}
        </Link>
      </Fact>
      <Fact name="Created">{moment(job.created_at)}</Fact>
      <Fact name="Waited">{duration(metrics.queue_time)}</Fact>
      <Fact name="Ran">{duration(metrics.run_time)}</Fact>
      <Fact name="Attempts">{metrics.attempts}</Fact>
      <Fact name="Cache">{job.cache}</Fact>
      {job.queue && <Fact name="Place in the queue">{job.queue.position}</Fact>}
      {Object.entries(job.metadata).map(([key, value]) => (
        <Fact key={key} name={key}>
          {value}
        </Fact>
      ))}
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Removed() {
  return <p class="muted">Removed when its retention ran out.</p>;
}

function Output({ job }: { job: Job }) {
  if (job.data_removed) return <Removed />;
  if (job.output === null)
    return <p class="muted">It {job.status === 'failed' ? 'failed' : `was ${job.status}`}: there is none.</p>;
  return <DataView value={job.output} label="Output" />;
}

/** What there is before the end: how far it is, and what the model has said. */
function Unfinished({ job, streamed }: { job: Job; streamed: string }) {
  const { progress } = job;
  return (
    <>
      {progress && (
        <label class="progress">
          {progress.message ?? 'Progress'}
          <progress value={progress.progress} max={1} />
        </label>
      )}
      {streamed !== '' ? (
        <pre class="text stream" tabIndex={0} aria-label="Output so far">
          {streamed}
        </pre>
      ) : (
        <p class="muted">{job.status === 'queued' ? 'It waits for its turn.' : 'The model is at work.'}</p>
      )}
    </>
  );
}
