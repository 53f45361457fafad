import type { Job } from '../../shared/job.ts';
import type { DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';
import { duration } from '../parts/format.ts';
import { placeOf, spansOf, type Span } from './waterfall.ts';

const TICKS = [0, 0.25, 0.5, 0.75, 1];

export interface WaterfallProps {
  job: Job;
  deliveries: readonly DeliveryRecord[];
  now: number;
}

/** Where the time went. */
export function Waterfall({ job, deliveries, now }: WaterfallProps) {
  const spans = spansOf(job, deliveries);
  const from = Math.min(...spans.map(({ start }) => start));
  const to = Math.max(from + 1, ...spans.map(({ end }) => end ?? now));
  return (
    <section class="card" aria-labelledby="waterfall-heading">
      <header>
        <h2 id="waterfall-heading">Waterfall</h2>
        <span class="muted">{duration((to - from) / 1000)} in all</span>
      </header>
      <div class="waterfall" role="list" aria-labelledby="waterfall-heading">
        {spans.map((span, index) => (
          <Row key={`${span.name} ${index}`} span={span} from={from} to={to} now={now} />
        ))}
        <div class="ticks" aria-hidden="true">
          {TICKS.map((part) => (
            <span key={part} style={{ left: `${part * 100}%` }}>
              {duration((part * (to - from)) / 1000)}
            </span>
          ))}
        </div>
      </div>
    </section>
  );
}

function Row({ span, from, to, now }: { span: Span; from: number; to: number; now: number }) {
  const { left, width } = placeOf(span, from, to);
  const tone = span.isGood ? span.kind : 'bad';
  return (
    <div class="span" role="listitem">
      <span class="name">
        {span.name}
        {span.detail !== '' && (
          <small class={span.isGood ? 'muted' : 'bad-text'} title={span.detail}>
            {span.detail}
          </small>
        )}
      </span>
      <span class="track">
        <span
          class={span.end === null ? `bar ${tone} open` : `bar ${tone}`}
          style={{ left: `${left}%`, width: `${width}%` }}
        />
      </span>
      <span class="took">{duration(((span.end ?? now) - span.start) / 1000)}</span>
    </div>
  );
}
