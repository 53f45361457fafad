import { randomUUID } from 'node:crypto';
import { isTerminal } from '../shared/job-status.ts';
import type { Job } from '../shared/job.ts';
import type { Client } from './client.ts';
import { createDisplay, SILENT } from './display.ts';
import { formatSeconds } from './duration.ts';
import { EXIT } from './exit-code.ts';
import { Failure } from './failure.ts';
import { readBytes } from './input-bytes.ts';
import { readInput } from './input.ts';
import { onInterrupt } from './interrupt.ts';
import { jobPath, toJob } from './job.ts';
import { exampleInput } from './model-test.ts';
import { toJson } from './output.ts';
import { percentile } from './percentile.ts';
import { describeProgress } from './progress-bar.ts';
import type { Session } from './session.ts';
import { formatTable } from './table.ts';

export interface BenchOptions {
  requests: number;
  concurrency: number;
  input?: string[];
}

/** Seconds; `errors` by their code. */
interface Report {
  model: string;
  requests: number;
  concurrency: number;
  seconds: number;
  jobs_per_second: number;
  latency: Spread;
  queue_time: Spread;
  run_time: Spread;
  errors: Record<string, number>;
}

interface Spread {
  p50: number | null;
  p95: number | null;
  p99: number | null;
  max: number | null;
}

interface Sample {
  latency: number;
  job: Job;
}

/** Seconds that the broker holds an answer. */
const HOLD = 30;

export async function runBench(session: Session, model: string, options: BenchOptions): Promise<void> {
  const { client, json, stdout, stderr } = session;
  const { requests, concurrency, input: args } = options;
  const input = args ? await readInput(args, readBytes) : await exampleInput(client, model);
  const body = `{"model":${JSON.stringify(model)},"cache":"bypass","input":${input}}`;
  const display = json ? SILENT : createDisplay(stderr);
  const interrupt = onInterrupt();
  const samples: Sample[] = [];
  const errors: Record<string, number> = {};
  const started = performance.now();
  let begun = 0;
  let failed = 0;
  const elapsed = () => (performance.now() - started) / 1000;
  const draw = () =>
    display.show(
      describeProgress({
        done: samples.length + failed,
        total: requests,
        failed,
        elapsed: elapsed(),
        before: 0,
      }),
    );
  const timer = setInterval(draw, stderr.interactive ? 200 : 10_000);
  const note = (code: string) => {
    failed += 1;
    errors[code] = (errors[code] ?? 0) + 1;
  };
  const lane = async () => {
    while (begun < requests) {
      begun += 1;
      const sample = await measure(client, body, interrupt.signal);
      if (typeof sample === 'string') note(sample);
      else if (sample.job.status === 'succeeded') samples.push(sample);
      else note(sample.job.error?.error_type ?? sample.job.status);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, requests) }, lane));
  } finally {
    clearInterval(timer);
    display.stop();
    interrupt.stop();
  }
  const report = reportOf(samples, elapsed(), { model, requests, concurrency, errors });
  stdout.write(json ? `${toJson(report)}\n` : formatReport(report, session));
  if (failed > 0)
    throw new Failure(EXIT.refused, {
      type: 'urn:inferq:cli:jobs-failed',
      title: `${failed} of ${requests} jobs did not succeed`,
    });
}

/** A sample, or the code of what was refused. Nothing is tried again: a refusal is a result. */
async function measure(client: Client, body: string, signal: AbortSignal): Promise<Sample | string> {
  const started = performance.now();
  const headers = { 'Idempotency-Key': randomUUID(), Prefer: `wait=${HOLD}` };
  const call = { tries: 1, timeout: HOLD + 15, signal };
  const { url } = client.connection;
  try {
    let job = toJob((await client.call({ ...call, method: 'POST', path: '/jobs', body, headers })).body, url);
    while (!isTerminal(job.status))
      job = toJob((await client.call({ ...call, path: jobPath(job.id, `?wait=${HOLD}`) })).body, url);
    return { latency: (performance.now() - started) / 1000, job };
  } catch (thrown) {
    // Without a model, or a right to it, there is nothing to measure.
    if (!(thrown instanceof Failure) || (thrown.exit === EXIT.refused && !thrown.transient)) throw thrown;
    return thrown.problem.error_type ?? 'unreachable';
  }
}

function reportOf(
  samples: readonly Sample[],
  seconds: number,
  rest: Pick<Report, 'model' | 'requests' | 'concurrency' | 'errors'>,
): Report {
  return {
    ...rest,
    seconds: rounded(seconds) ?? 0,
    jobs_per_second: rounded(samples.length / seconds) ?? 0,
    latency: spreadOf(samples.map(({ latency }) => latency)),
    queue_time: spreadOf(samples.flatMap(({ job }) => job.metrics.queue_time ?? [])),
    run_time: spreadOf(samples.flatMap(({ job }) => job.metrics.run_time ?? [])),
  };
}

function spreadOf(values: readonly number[]): Spread {
  const at = (share: number) => rounded(percentile(values, share));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

function rounded(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toFixed(4)) : null;
}

function formatReport(report: Report, { stdout }: Session): string {
  const rows = [
    row('latency, as the client sees it', report.latency),
    row('of it waiting in the queue', report.queue_time),
    row('of it running', report.run_time),
  ];
  const errors = Object.entries(report.errors).map(([code, times]) => `${times} ${code}`);
  const said = `${report.model}: ${report.requests} jobs, ${report.concurrency} at once, in ${formatSeconds(report.seconds)}`;
  return (
    `${said}: ${report.jobs_per_second.toFixed(1)} jobs/s succeeded\n\n` +
    formatTable(['', 'P50', 'P95', 'P99', 'MAX'], rows, stdout) +
    `\nerrors: ${errors.length === 0 ? 'none' : errors.join(', ')}\n`
  );
}

function row(name: string, { p50, p95, p99, max }: Spread): string[] {
  return [name, ...[p50, p95, p99, max].map((value) => (value === null ? '–' : formatSeconds(value)))];
}
