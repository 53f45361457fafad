import type { IncomingMessage, ServerResponse } from 'node:http';
import { HttpError, sendJson } from './http-json.ts';

export interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  /** Aborts when the client is gone before its answer is complete. */
  signal: AbortSignal;
}

export type Handler = (call: Call) => void | Promise<void>;

/** `METHOD /path` and who answers it. HEAD is answered as GET; Node leaves out the body. */
export type Routes = readonly (readonly [string, Handler])[];

export async function dispatch(
  routes: ReadonlyMap<string, Handler>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = (request.url ?? '/').replace(/\?.*$/s, '');
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    await find(routes, request.method ?? 'GET', path)({ request, response, signal: gone.signal });
  } catch (error) {
    answerError(path, error, response);
  }
}

function find(routes: ReadonlyMap<string, Handler>, method: string, path: string): Handler {
  const handler = routes.get(`${method === 'HEAD' ? 'GET' : method} ${path}`);
  if (handler !== undefined) return handler;
  const known = [...routes.keys()].some((route) => route.endsWith(` ${path}`));
  throw known ? new HttpError(405, `${path} does not take ${method}`) : new HttpError(404, `no ${path} here`);
}

/** A client that is gone gets nothing; a stream that broke is cut, which its reader notices. */
function answerError(path: string, error: unknown, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const known = error instanceof HttpError ? error : new HttpError(500, String(error));
  sendJson(response, known.status, path.startsWith('/v1/') ? openAiError(known) : { error: known.message });
}

/** https://platform.openai.com/docs/guides/error-codes */
function openAiError({ status, message, param, code }: HttpError): unknown {
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  return { error: { message, type, param, code } };
}
