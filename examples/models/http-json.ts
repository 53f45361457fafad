import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Static, TProperties, TSchema } from 'typebox';
import type { Validator } from 'typebox/compile';

const BODY_LIMIT = 20 * 1024 * 1024;

/** An answer other than 200. `param` names the field at fault and `code` the fault, where the protocol has a place. */
export class HttpError extends Error {
  readonly status: number;
  readonly param: string | null;
  readonly code: string | null;

  constructor(status: number, message: string, where: { param?: string; code?: string } = {}) {
    super(message);
    this.status = status;
    this.param = where.param ?? null;
    this.code = where.code ?? null;
  }
}

/** The request's JSON body, checked; 400 or 413 otherwise. */
export async function readJson<Type extends TSchema>(
  request: IncomingMessage,
  shape: Validator<TProperties, Type>,
): Promise<Static<Type>> {
  const body = parse(await readBody(request));
  if (shape.Check(body)) return body;
  throw misfit(shape, body);
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** Reads to the end even when the body is too long: a client that still sends would not see the answer. */
async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= BODY_LIMIT) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > BODY_LIMIT) throw new HttpError(413, `the body is over ${BODY_LIMIT} bytes`);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HttpError(400, `the body is not JSON: ${String(error)}`);
  }
}

function misfit(shape: Validator, body: unknown): HttpError {
  const [error] = shape.Errors(body);
  const path = error?.instancePath.slice(1).replaceAll('/', '.') ?? '';
  const expected = error?.keyword === 'const' ? ` ${JSON.stringify(error.params.allowedValue)}` : '';
  const message = `${path === '' ? 'the body' : path} ${error?.message ?? 'does not fit'}${expected}`;
  return new HttpError(400, message, path === '' ? {} : { param: path });
}
