import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { completionRoutes } from './completions.ts';
import { sendJson } from './http-json.ts';
import { readMobyDick } from './moby-dick.ts';
import { type NgramModel, train } from './ngram.ts';
import { ocrRoutes } from './ocr.ts';
import { openInferenceRoutes } from './open-inference.ts';
import { dispatch, type Routes } from './routes.ts';
import { startEngine } from './tesseract.ts';
import { startTextReader } from './text-reader.ts';

export interface ModelServerOptions {
  host: string;
  /** 0 for any that is free. */
  port: number;
  tokenDelayMs?: number;
}

export interface ModelServer {
  url: string;
  /** Takes no more, and gives what runs this long to end. Harmless when repeated. */
  stop(graceMs?: number): Promise<void>;
}

/** Tesseract takes a core for a third of a second to start: what starts beside this server comes first. */
const WARM_UP_AFTER_MS = 2000;

/** Starts all three models behind one port. What takes long to load does so when the port is open: requests wait. */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const server = createServer();
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const reader = startTextReader(startEngine, undefined, WARM_UP_AFTER_MS);
  let trained: NgramModel | undefined;
  const model = () => (trained ??= train(readMobyDick()));
  setImmediate(model);
  const routes = new Map([
    ...health(),
    ...openInferenceRoutes(),
    ...ocrRoutes(reader),
    ...completionRoutes({ model, tokenDelayMs: options.tokenDelayMs ?? 15 }),
  ]);
  server.on('request', (request, response) => void dispatch(routes, request, response));
  return {
    url: urlOf(server),
    async stop(graceMs = 1000) {
      await close(server, graceMs);
      await reader.stop();
    },
  };
}

function health(): Routes {
  return [['GET /healthz', ({ response }) => sendJson(response, 200, { status: 'ok' })]];
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

async function close(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
