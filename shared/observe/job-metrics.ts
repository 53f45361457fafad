import { Counter, Histogram, type Registry } from 'prom-client';
import type { Events } from '../events.ts';
import { SECONDS } from './buckets.ts';

/** Jobs by model: how many come, wait, run, end and fail, and how long that takes. */
export function measureJobs(events: Events, registry: Registry): void {
  measureAdmissions(events, registry);
  measureAttempts(events, registry);
  measureEnds(events, registry);
}

function measureAdmissions(events: Events, registry: Registry): void {
  const admitted = new Counter({
    name: 'inferq_jobs_admitted_total',
    help: 'Jobs accepted: queued, answered from the cache, joined to an identical one',
    labelNames: ['model', 'kind'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'inferq_job_admission_seconds',
    help: 'From reading a submission to its job being kept',
    labelNames: ['model'],
    buckets: SECONDS,
    registers: [registry],
  });
  events.on('job.admitted', ({ model, kind, milliseconds }) => {
    admitted.inc({ model, kind });
    seconds.observe({ model }, milliseconds / 1000);
  });
}

function measureAttempts(events: Events, registry: Registry): void {
  const registers = [registry];
  const waits = new Histogram({
    name: 'inferq_job_wait_seconds',
    help: 'From acceptance to the start of an attempt',
    labelNames: ['model'],
    buckets: SECONDS,
    registers,
  });
  const attempts = new Histogram({
    name: 'inferq_attempt_seconds',
    help: 'Attempts by this process, by outcome',
    labelNames: ['model', 'outcome'],
    buckets: SECONDS,
    registers,
  });
  const failures = new Counter({
    name: 'inferq_attempts_failed_total',
    help: 'Calls of a model that failed',
    labelNames: ['model', 'error_type'],
    registers,
  });
  events.on('job.started', ({ model, waitMs }) => waits.observe({ model }, waitMs / 1000));
  events.on('attempt.ended', ({ model, outcome, milliseconds }) =>
    attempts.observe({ model, outcome }, milliseconds / 1000),
  );
  events.on('attempt.failed', ({ model, errorType }) => failures.inc({ model, error_type: errorType }));
}

function measureEnds(events: Events, registry: Registry): void {
  const registers = [registry];
  const ended = new Counter({
    name: 'inferq_jobs_ended_total',
    help: 'Jobs ended by this process',
    labelNames: ['model', 'status', 'error_type'],
    registers,
  });
  const runs = new Histogram({
    name: 'inferq_job_run_seconds',
    help: 'From the start of the last attempt to the end',
    labelNames: ['model'],
    buckets: SECONDS,
    registers,
  });
  const lives = new Histogram({
    name: 'inferq_job_seconds',
    help: 'From acceptance to the end',
    labelNames: ['model', 'status'],
    buckets: SECONDS,
    registers,
  });
  const attempts = new Histogram({
    name: 'inferq_job_attempts',
    help: 'Attempts that a job had taken when it ended',
    labelNames: ['model', 'status'],
    buckets: [1, 2, 3, 5, 10],
    registers,
  });
  events.on('job.ended', ({ model, status, errorType, attempt, milliseconds, totalMs }) => {
    ended.inc({ model, status, error_type: errorType ?? '' });
    runs.observe({ model }, milliseconds / 1000);
    lives.observe({ model, status }, totalMs / 1000);
    attempts.observe({ model, status }, attempt);
  });
}
