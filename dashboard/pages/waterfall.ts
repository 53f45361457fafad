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
  const spans = [queueSpan(job), ...attempts.map(attemptSpan), ...pauses(attempts)];
  const running = runningSpan(job, attempts);
  if (running) spans.push(running);
  return [...spans, ...deliveries.map(deliverySpan)].sort((a, b) => a.start - b.start);
}

function queueSpan({
  created_at: created,
  started_at: started,
  completed_at: ended,
  queue,
  cache,
}: Job): Span {
  const end = started ?? ended;
  const place = queue ? `place ${queue.position}` : '';
  return {
    kind: 'queue',
    name: 'Queue',
    detail: cache === 'hit' ? 'answered from the cache' : place,
    start: Date.parse(created),
    end: end === null ? null : Date.parse(end),
    isGood: true,
  };
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
    if (!before) return [];
    const [start, end] = [Date.parse(before.ended_at), Date.parse(attempt.started_at)];
    return end > start
      ? [{ kind: 'pause', name: 'Wait', detail: 'until the next attempt', start, end, isGood: true }]
      : [];
  });
}

/** The attempt under way is not in the list of attempts yet. */
function runningSpan(job: Job, attempts: readonly Attempt[]): Span | undefined {
  if (job.status !== 'running' || job.started_at === null) return undefined;
  const before = attempts.at(-1);
  return {
    kind: 'attempt',
    name: `Attempt ${job.metrics.attempts} · model call`,
    detail: job.progress?.message ?? 'under way',
    start: Date.parse(before?.ended_at ?? job.started_at),
    end: null,
    isGood: true,
  };
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
