import path from 'node:path';
import { request } from 'node:http';
import { bearer, benchModel, jobText, startBroker, type Bed } from '../bed.ts';
import type { LoadResult } from '../load.ts';
import { startIn } from '../program.ts';
import { figure, type Line } from '../report.ts';
import { send } from '../send.ts';
import { alone } from './footprint.ts';

const STREAMS = 500;
const PROBE = path.join(import.meta.dirname, '../delay-probe.ts');

/** Row 11: how late the API's event loop is while outputs of 1 MB go through it and 500 streams are open. */
export async function longOutputs(bed: Bed): Promise<Line[]> {
  const headers = await bearer();
  const load = await startIn(bed, 'load/index.ts');
  const endpoint = await startIn(bed, 'endpoint/index.ts');
  const notices: string[] = [];
  const broker = await startBroker(bed, {
    models: [benchModel('large', `${endpoint.url}/large`), benchModel('never', `${endpoint.url}/never`)],
    worker: true,
    env: { NODE_OPTIONS: `--import ${PROBE}` },
    onNotice: (text) => notices.push(text),
  });
  const { url, pid } = broker.api;
  for (let count = 0; count < STREAMS; count++) {
    const job = await send(url, '/jobs', headers, jobText('never').replace('@@@@@@@@@@@@', String(count)));
    follow(bed, `${url}/jobs/${String(job['id'])}/events`, headers);
  }
  const requests = [{ path: '/jobs?wait=30', headers, body: jobText('large') }];
  const what = { url, method: 'POST', requests, connections: 4, expect: 200 };
  await load.ask({ ...what, count: 50 });
  await tell(pid, notices);
  const result = await load.ask<LoadResult>({ ...what, count: 300 });
  const { p99 = 0, p50 = 0, max = 0 } = await tell(pid, notices);
  const beside = `p50 ${figure(p50)}, most ${figure(max)} ms; ${figure(result.perSecond)} outputs of 1 MB a second`;
  return [alone('11', '1 MB outputs, 500 open streams: event loop delay p99', 'ms', p99, 20, beside)];
}

function follow(bed: Bed, url: string, headers: Record<string, string>): void {
  const stream = request(url, { headers }, (response) => response.resume()).on('error', () => undefined);
  stream.end();
  bed.ends.push(async () => void stream.destroy());
}

async function tell(pid: number, notices: string[]): Promise<Record<string, number>> {
  notices.length = 0;
  process.kill(pid, 'SIGUSR2');
  while (notices.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  return JSON.parse(notices[0] ?? '{}');
}
