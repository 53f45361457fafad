import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { messageOf } from '../shared/errors.ts';
import { isRecord } from './json.ts';
import { verifyMessage, type Headers } from './webhook-verification.ts';

/** A message as it came to the listener, and what became of it. */
export interface Received {
  at: string;
  id: string;
  type: string;
  job: string;
  status: string;
  verified: boolean;
  /** Why it is not genuine. */
  why?: string;
  /** What the listener answered: what it was forwarded to, where it was. */
  answered: number;
  forwarded?: string;
  body: unknown;
}

export interface ListenerOptions {
  secret: string;
  /** 0: any free one. */
  port: number;
  forwardTo: string | undefined;
  onReceived: (received: Received) => void;
}

export interface WebhookListener {
  url: string;
  stop(): Promise<void>;
}

const FORWARD_WITHIN_MS = 15_000;
/** Of one connection, not of the message. */
const HOP_HEADERS = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'keep-alive',
  'expect',
]);

/** Receives webhooks on this machine, for development. Rejects where the port cannot be had. */
export async function startWebhookListener(options: ListenerOptions): Promise<WebhookListener> {
  const server = createServer((request, response) => {
    receive(options, request, response).catch((error: unknown) => response.destroy(toError(error)));
  });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return {
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function receive(
  options: ListenerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = plainHeaders(request);
  const body = await text(request);
  const now = Date.now();
  const verdict = verifyMessage(options.secret, body, headers, now);
  const forwarded =
    verdict.genuine && options.forwardTo !== undefined
      ? await forward(options.forwardTo, headers, body)
      : undefined;
  const answered = verdict.genuine ? (forwarded?.status ?? 204) : 401;
  response.writeHead(answered).end();
  options.onReceived({
    at: new Date(now).toISOString(),
    id: headers['webhook-id'] ?? '',
    ...summaryOf(body),
    verified: verdict.genuine,
    ...(verdict.genuine ? {} : { why: verdict.why }),
    answered,
    ...(forwarded ? { forwarded: forwarded.text } : {}),
  });
}

/** The answer goes back to the broker, so that its retries can be seen; 502 where there was none. */
async function forward(
  url: string,
  headers: Headers,
  body: string,
): Promise<{ status: number; text: string }> {
  const kept = Object.entries(headers).filter(([name]) => !HOP_HEADERS.has(name));
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: Object.fromEntries(kept),
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(FORWARD_WITHIN_MS),
    });
    await response.body?.cancel();
    return { status: response.status, text: `forwarded: ${response.status}` };
  } catch (error) {
    return { status: 502, text: `not forwarded: ${reasonOf(error)}` };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
}

function plainHeaders({ headers }: IncomingMessage): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function summaryOf(body: string): Pick<Received, 'type' | 'job' | 'status' | 'body'> {
  const message = parse(body);
  const { type, data } = isRecord(message) ? message : {};
  const job = isRecord(data) ? data : {};
  return { type: textOf(type), job: textOf(job['id']), status: textOf(job['status']), body: message };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
