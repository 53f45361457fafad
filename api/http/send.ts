import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { toProblem, type InferqError } from '../../shared/errors.ts';
import { challengeOf } from '../auth/challenge.ts';
import type { Answer } from './route.ts';

/** Writes an answer. A stream that the client leaves is no error. */
export async function send(response: ServerResponse, answer: Answer): Promise<void> {
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (answer.stream) {
    // Into an answer that is closed nothing is piped, and nobody would close what it comes from.
    if (response.destroyed) {
      answer.stream.destroy();
      return;
    }
    if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json');
    response.flushHeaders();
    await pipeline(answer.stream, response).catch((error: unknown) => {
      if (!response.destroyed) throw error;
    });
    return;
  }
  const json = answer.json ?? (answer.value === undefined ? undefined : JSON.stringify(answer.value));
  if (json === undefined) {
    response.end();
    return;
  }
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', Buffer.byteLength(json));
  response.end(json);
}

/** Writes an error as problem details, with the headers that belong to it. */
export async function sendProblem(response: ServerResponse, error: InferqError): Promise<void> {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const headers: Record<string, string> = { ...error.headers, 'content-type': 'application/problem+json' };
  if (error.retryAfter !== undefined) headers['retry-after'] = String(Math.ceil(error.retryAfter));
  if (error.code === 'unauthenticated') headers['www-authenticate'] = challengeOf(error);
  await send(response, { status: error.status, value: toProblem(error), headers });
}
