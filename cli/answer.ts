import { curesFor, type Subject } from './cure.ts';
import { EXIT } from './exit-code.ts';
import { Failure, foreign, type Problem } from './failure.ts';
import { isRecord, parseJson } from './json.ts';
import { parseRetryAfter } from './repeat.ts';

/** What the broker answered, whatever its status. */
export interface Answer {
  status: number;
  headers: Headers;
  /** Undefined when it is not JSON. */
  body: unknown;
}

/** 502 and 504 come from a proxy in front of a broker that restarts. */
const TRANSIENT = new Set([429, 502, 503, 504]);

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parse(text) };
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Throws what the answer refuses; `url` is the address it came from. */
export function checkAnswer(answer: Answer, url: string, subject?: Subject): void {
  const { status, headers, body } = answer;
  const retryAfter = parseRetryAfter(headers.get('retry-after'), Date.now());
  const requestId = headers.get('x-request-id') ?? undefined;
  const transient = TRANSIENT.has(status);
  if (status >= 300 && status < 400) throw foreign(url, `it redirects to ${headers.get('location')}`);
  if (status >= 400 && isProblem(body)) {
    const cures = curesFor(body, subject, retryAfter);
    throw new Failure(EXIT.refused, body, { cures, retryAfter, requestId, transient });
  }
  if (status >= 400) throw foreign(url, `it answers ${status} without saying why`, transient);
  if (body === undefined && status !== 204)
    throw foreign(url, `it answers ${status} with something other than JSON`);
}

function isProblem(body: unknown): body is Problem {
  return isRecord(body) && typeof body['title'] === 'string' && isTextOrAbsent(body['detail']);
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}
