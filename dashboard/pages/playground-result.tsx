import { Link } from 'wouter-preact';
import { isTerminal } from '../../shared/job-status.ts';
import { DataView } from '../parts/data-view.tsx';
import { Empty, FaultNote } from '../parts/empty.tsx';
import { duration } from '../parts/format.ts';
import { StatusBadge } from '../parts/status.tsx';
import { useJob } from './use-job.ts';

/** What came of it, as it comes. */
export function PlaygroundResult({ id }: { id: string | undefined }) {
  return (
    <section class="card result" aria-labelledby="result-heading" aria-live="polite">
      {id === undefined ? <Nothing /> : <Result key={id} id={id} />}
    </section>
  );
}

function Nothing() {
  return (
    <>
      <header>
        <h2 id="result-heading">Result</h2>
      </header>
      <Empty icon="playground" title="Fill in the form and submit">
        The answer appears here as it comes.
      </Empty>
    </>
  );
}

function Result({ id }: { id: string }) {
  const { job, streamed, fault } = useJob(`/jobs/${id}`);
  const isOver = job !== undefined && isTerminal(job.status);
  return (
    <>
      <header>
        <h2 id="result-heading">Result</h2>
        {job && <StatusBadge status={job.status} />}
        {job && isOver && (
          <span class="muted">
            waited {duration(job.metrics.queue_time)} · ran {duration(job.metrics.run_time)} · cache{' '}
            {job.cache}
          </span>
        )}
        <span class="actions">
          <Link href={`/jobs/${id}`}>Waterfall</Link>
        </span>
      </header>
      <div class="body">
        <FaultNote fault={fault ?? job?.error?.detail} />
        {!isOver && job?.progress && (
          <label class="progress">
            {job.progress.message ?? 'Progress'}
            <progress value={job.progress.progress} max={1} />
          </label>
        )}
        {!isOver && streamed !== '' && <pre class="text stream">{streamed}</pre>}
        {!isOver && streamed === '' && !job?.progress && <p class="muted">Under way …</p>}
        {isOver && job.output !== null && <DataView value={job.output} label="Output" />}
      </div>
    </>
  );
}
