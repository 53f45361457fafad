import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../../shared/job.ts';
import { answer, startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts';

const ID = 'job_shaky';
const PATH = `/jobs/${ID}/events`;

/** What a stream says before it breaks off, and what it breaks off in the middle of. */
export interface Stretch {
  events: [kind: string, data: object][];
  torn?: Buffer;
  /** Without an end of the body, as when a process is killed. */
  isCut?: boolean;
}

/**
 * Answers a submission with nothing, then with 503, then as it should; the events in stretches, with 503 between. What it
 * streams does not say in which characters it is.
 */
export async function startShakyBroker(stretches: Stretch[]): Promise<ScriptedModel> {
  let [submissions, streams] = [0, 0];
  return startScriptedModel(async ({ path }, response) => {
    if (path === '/jobs') await answerSubmission(response, submissions++);
    else if (path !== PATH) answer(response, { error_type: 'not_found' }, 404);
    else if (streams++ % 2 === 1) answer(response, {}, 503, { 'retry-after': '0' });
    else await send(response, stretches, (streams - 1) / 2);
  });
}

async function answerSubmission(response: ServerResponse, before: number): Promise<void> {
  if (before === 0) response.destroy();
  else if (before === 1) answer(response, {}, 503, { 'retry-after': '0' });
  else answer(response, { id: ID, status: 'queued', urls: { events: PATH } }, 202);
}

async function send(response: ServerResponse, stretches: Stretch[], index: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('retry: 2000\n\n');
  for (const [number, [kind, data]] of (stretches[index]?.events ?? []).entries()) {
    response.write(`id: ${index + 1}-${number}\nevent: ${kind}\n`);
    response.write(`data: ${JSON.stringify(data)}\n\n: still here\n\n`);
    await sleep(5);
  }
  const { torn, isCut = false } = stretches[index] ?? {};
  if (torn) response.write(torn);
  if (!isCut) return void response.end();
  // What was written leaves first.
  await sleep(50);
  response.destroy();
}

/** What `done` tells. */
export function doneWith(status: Job['status'], detail?: string): [string, object] {
  return ['done', { id: ID, status, output: null, error: detail === undefined ? null : { detail } }];
}

const INSIDE_OF_A_LETTER = Buffer.from('id: 9-9\nevent: output\ndata: {"chunk":"Å').subarray(0, -1);

/** "Ångström" in pieces, over a restart, a crash and a second attempt. */
export const ÅNGSTRÖM: Stretch[] = [
  {
    events: [
      ['status', { status: 'queued' }],
      ['status', { status: 'running', attempt: 1 }],
      ['output', { chunk: 'wrong' }],
      ['status', { status: 'queued' }],
      ['status', { status: 'running', attempt: 2 }],
    ],
    torn: INSIDE_OF_A_LETTER,
    isCut: true,
  },
  { events: [['output', { chunk: 'Ång' }]], torn: INSIDE_OF_A_LETTER },
  {
    events: [
      ['output', { chunk: 'str\u2028öm' }],
      ['status', { status: 'succeeded' }],
      doneWith('succeeded'),
    ],
  },
];
