import { clock } from '../parts/format.ts';
import type { LiveEvent } from './use-job.ts';

const SHOWN = 100;

/** The events of a job as they came. */
export function JobEventLog({ events, isOver }: { events: readonly LiveEvent[]; isOver: boolean }) {
  const shown = events.slice(-SHOWN);
  return (
    <section class="card" aria-labelledby="events-heading">
      <header>
        <h2 id="events-heading">Events</h2>
        {!isOver && <span class="live">live</span>}
        {events.length > SHOWN && <span class="muted">the last {SHOWN}</span>}
      </header>
      <ol class="events" tabIndex={0} aria-labelledby="events-heading">
        {shown.map(({ id, kind, data }) => (
          <li key={id}>
            <time class="muted">{timeOf(id)}</time>
            <span class={`kind ${kind}`}>{kind}</span>
            <code>{kind === 'done' ? '' : JSON.stringify(data)}</code>
          </li>
        ))}
        {shown.length === 0 && <li class="muted">None yet.</li>}
      </ol>
    </section>
  );
}

/** An id begins with the time, but for the first one's. */
function timeOf(id: string): string {
  const time = Number(id.split('-')[0]);
  return time > 0 ? clock(new Date(time).toISOString()) : '';
}
