import test from 'ava';
import * as fc from 'fast-check';
import { renderJob, type JobOf } from '../../shared/stored-job.ts';

const time = fc.integer({ min: 0, max: 4e12 });
const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });

const job: fc.Arbitrary<JobOf<string>> = fc.record({
  id: fc.constantFrom('job_0123', 'job_"x"'),
  tenant: fc.constant('t'),
  model: fc.string({ unit: 'binary' }),
  version: fc.string({ unit: 'binary' }),
  status: fc.constantFrom('queued', 'running', 'succeeded', 'failed', 'canceled', 'expired'),
  cache: fc.constantFrom('hit', 'miss', 'coalesced', 'bypass'),
  run: fc.constant('job_0123'),
  spec: fc.record({
    mode: fc.constant('use' as const),
    priority: fc.constant('normal' as const),
    subject: fc.string(),
    request_id: fc.string({ unit: 'binary' }),
    weight: fc.constant(1),
    metadata: fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
  }),
  createdAt: time,
  queuedAt: time,
  startedAt: nullable(time),
  endedAt: nullable(time),
  expiresAt: nullable(time),
  attempts: fc.nat(9),
  retries: fc.nat(9),
  revision: fc.nat(9),
  error: fc.constant(null),
  progress: nullable(
    fc.record({ progress: fc.double({ min: 0, max: 1, noNaN: true }), message: fc.string() }),
  ),
  queue: nullable(fc.record({ position: fc.nat(), eta: nullable(fc.nat()) })),
  output: nullable(fc.json()),
  dataRemoved: fc.boolean(),
});

test('a job is rendered as JSON.stringify would render it, to the byte', (t) => {
  fc.assert(
    fc.property(job, (one) => {
      t.is(
        renderJob(one),
        JSON.stringify(expected(one)).replace('"OUTPUT"', () => one.output ?? 'null'),
      );
    }),
  );
});

function expected({ spec, ...one }: JobOf<string>): object {
  const left = one.startedAt ?? (['queued', 'running'].includes(one.status) ? null : one.endedAt);
  const ran = one.startedAt === null || one.endedAt === null ? null : one.endedAt - one.startedAt;
  return {
    id: one.id,
    model: one.model,
    version: one.version,
    status: one.status,
    output: 'OUTPUT',
    error: one.error,
    cache: one.cache,
    progress: one.progress,
    metadata: spec.metadata,
    created_at: iso(one.createdAt),
    started_at: iso(one.startedAt),
    completed_at: iso(one.endedAt),
    expires_at: iso(one.expiresAt),
    metrics: {
      queue_time: seconds(left === null ? null : left - one.queuedAt),
      run_time: seconds(ran),
      attempts: one.attempts,
    },
    queue: one.queue,
    data_removed: one.dataRemoved,
    urls: {
      get: `/jobs/${one.id}`,
      cancel: `/jobs/${one.id}/cancel`,
      events: `/jobs/${one.id}/events`,
    },
    request_id: spec.request_id,
  };
}

function iso(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}

function seconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.max(0, milliseconds) / 1000;
}
