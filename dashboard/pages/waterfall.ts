import type { Attempt, Job } from '../../shared/job.ts';
import type { DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';

/** One stretch of time in the life of a job. Times are epoch ms; `end` is null while it goes on. */
export interface Span {
  kind: 'queue' | 'attempt' | 'pause' | 'delivery';
  name: string;
  detail: string;
  start: number;
  end: number | null;
  isGood: boolean;
}

/** What a job spent its time with, in the order in which it began. */
export function spansOf(job: Job, deliveries: readonly DeliveryRecord[]): Span[] {
  const attempts = job.attempts ?? [];
  const spans = [queueSpan(job, attempts[0]), ...attempts.map(attemptSpan), ...pauses(attempts)];
  return [...spans, ...spansUnderWay(job, attempts.at(-1)), ...deliveries.map(deliverySpan)].sort(
    (a, b) => a.start - b.start,
  );
}

/** Until the first attempt: after a retry, `started_at` is that of the one since. */
function queueSpan(
  { created_at: created, started_at: started, completed_at: ended, queue, cache }: Job,
  first: Attempt | undefined,
): Span {
  const start = Date.parse(created);
  const end = first?.started_at ?? started ?? ended;
  const place = first ? '' : placeIn(queue);
  return {
    kind: 'queue',
    name: 'Queue',
    detail: cache === 'hit' ? 'answered from the cache' : place,
    start,
    // A call that it joined may be older than the job.
    end: end === null ? null : Math.max(start, Date.parse(end)),
    isGood: true,
  };
}

function placeIn(queue: Job['queue']): string {
  return queue ? `place ${queue.position}` : '';
}

function attemptSpan({ attempt, started_at: start, ended_at: end, outcome, detail, ...more }: Attempt): Span {
  const where = [outcome === 'succeeded' ? '' : outcome, detail ?? '', more.model ?? '', more.endpoint ?? ''];
  return {
    kind: 'attempt',
    name: `Attempt ${attempt} · model call`,
    detail: where.filter((part) => part !== '').join(' · '),
    start: Date.parse(start),
    end: Date.parse(end),
    isGood: outcome === 'succeeded',
  };
}

function pauses(attempts: readonly Attempt[]): Span[] {
  return attempts.slice(1).flatMap((attempt, index) => {
    const before = attempts[index];
    return before ? pauseSpans(before, Date.parse(attempt.started_at)) : [];
  });
}

/** None where the attempts follow upon each other. */
function pauseSpans(before: Attempt, end: number | null, detail = 'until the next attempt'): Span[] {
  const start = Date.parse(before.ended_at);
  return end === null || end > start
    ? [{ kind: 'pause', name: 'Wait', detail, start, end, isGood: true }]
    : [];
}

/** What goes on after the last attempt that is over; the one under way is not in the list of attempts yet. */
function spansUnderWay(job: Job, last: Attempt | undefined): Span[] {
  if (job.status === 'queued') return last ? pauseSpans(last, null, placeIn(job.queue)) : [];
  if (job.status !== 'running' || job.started_at === null) return [];
  const started = Date.parse(job.started_at);
  const running: Span = {
    kind: 'attempt',
    name: `Attempt ${job.metrics.attempts} · model call`,
    detail: job.progress?.message ?? 'under way',
    // The run began before the last attempt ended, unless that was of a run before.
    start: Math.max(started, last ? Date.parse(last.ended_at) : started),
    end: null,
    isGood: true,
  };
  return [...(last ? pauseSpans(last, started) : []), running];
}

function deliverySpan({
  at,
  duration_ms: lasted = 0,
  attempt,
  outcome,
  status,
  error,
}: DeliveryRecord): Span {
  const said = [
    outcome === 'delivered' ? '' : outcome,
    status === undefined ? '' : `HTTP ${status}`,
    error ?? '',
  ];
  return {
    kind: 'delivery',
    name: `Webhook · delivery ${attempt}`,
    detail: said.filter((part) => part !== '').join(' · '),
    start: Date.parse(at),
    end: outcome === 'running' ? null : Date.parse(at) + lasted,
    isGood: outcome === 'delivered' || outcome === 'running',
  };
}

/** Where a span lies between the first start and the last end, in percent. A short one can still be seen. */
export function placeOf(span: Span, from: number, to: number): { left: number; width: number } {
  const whole = Math.max(1, to - from);
  const left = Math.min(99.4, (100 * (span.start - from)) / whole);
  const width = (100 * ((span.end ?? to) - span.start)) / whole;
  return { left, width: Math.max(0.6, Math.min(width, 100 - left)) };
}
