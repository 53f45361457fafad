import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool } from 'undici';
import { configuration, serve } from '../child.ts';
import { jobOf, tenantOf } from './checks.ts';

/** A direct proxy: the same checks, and through to the endpoint; no queue, no record. */
const { endpoint } = configuration();
const pool = new Pool(endpoint);

async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
  tenantOf(request);
  const { input } = await jobOf(request);
  const answer = await pool.request({
    path: '/',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  const text = await answer.body.text();
  response
    .writeHead(answer.statusCode, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}

serve(
  createServer((request, response) => {
    pass(request, response).catch((error: unknown) => response.writeHead(502).end(String(error)));
  }),
);
