import type { IncomingMessage } from 'node:http';
import { MIMEType } from 'node:util';
import { InferqError } from '../../shared/errors.ts';
import { parseExactJson } from './exact-json.ts';
import type { InTurn } from './turns.ts';

/** A body, and how work that grows with it is to be done. */
export interface JsonBody {
  value: unknown;
  /** How many bytes it had on the wire. */
  bytes: number;
  inTurn: InTurn;
}

/** Reads a JSON body of at most `maxBytes`. Throws `unsupported_media_type`, `payload_too_large` or `invalid_json`. */
export async function readJsonBody(
  request: IncomingMessage,
  maxBytes: number,
  turnsFor: (bytes: number) => InTurn,
): Promise<JsonBody> {
  checkType(request);
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  const bytes = await readBytes(request, declared, maxBytes);
  const inTurn = turnsFor(bytes.length);
  return { value: await parseExactJson(bytes, inTurn), bytes: bytes.length, inTurn };
}

function checkType({ headers }: IncomingMessage): void {
  const type = headers['content-type'];
  if (type === undefined || !isJson(type)) {
    const given = type === undefined ? 'no Content-Type' : `Content-Type '${printable(type)}'`;
    throw new InferqError(
      'unsupported_media_type',
      `The request has ${given}: send 'Content-Type: application/json' in UTF-8.`,
    );
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined)
    throw new InferqError(
      'unsupported_media_type',
      `The request has Content-Encoding '${printable(encoding)}': send the body as it is, not encoded.`,
    );
}

/** Parameters mean nothing to JSON (RFC 8259 §11), but a charset that is not UTF-8 says that the body is something else. */
function isJson(type: string): boolean {
  if (type === 'application/json') return true;
  const { essence, params } = parseType(type) ?? {};
  return essence === 'application/json' && /^utf-?8$/i.test(params?.get('charset') ?? 'utf-8');
}

function parseType(type: string): MIMEType | undefined {
  try {
    return new MIMEType(type);
  } catch {
    return undefined;
  }
}

function printable(text: string): string {
  return text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
}

/** Most bodies have come with their headers, in one piece: then there is nothing to wait for. */
async function readBytes(request: IncomingMessage, declared: number, maxBytes: number): Promise<Buffer> {
  const first: unknown = request.read();
  if (Buffer.isBuffer(first) && first.length === declared) return first;
  return readPieces(request, Buffer.isBuffer(first) ? [first] : [], maxBytes);
}

async function readPieces(request: IncomingMessage, pieces: Buffer[], maxBytes: number): Promise<Buffer> {
  let size = pieces.reduce((sum, { length }) => sum + length, 0);
  // Leaving the loop early must not destroy the socket: the client is to read why.
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      if (!Buffer.isBuffer(chunk)) continue;
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      pieces.push(chunk);
    }
  } catch (error) {
    if (!(error instanceof InferqError))
      throw new InferqError('invalid_request', 'The body broke off.', { cause: error });
    // Nor may the rest stay unread: many clients read no answer before they have sent everything. The server's time
    // for a whole request bounds it.
    request.resume();
    throw error;
  }
  if (size > maxBytes) throw tooLarge(maxBytes);
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
}

function tooLarge(maxBytes: number): InferqError {
  return new InferqError('payload_too_large', `The body is larger than ${maxBytes} bytes.`);
}
