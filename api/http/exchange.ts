import type { Request, Response } from 'express';
import type { ErrorCode } from '../../shared/errors.ts';
import type { Events } from '../../shared/events.ts';
import type { Place, Tracing } from '../../shared/observe/trace-context.ts';
import { requestIdOf } from '../../shared/request-id.ts';
import { setHeaders } from './send.ts';

export interface ExchangeParts {
  events: Events;
  tracing: Tracing;
  /** Of every answer: name, value, name, value. */
  headers: readonly string[];
}

/** A request and its answer, and what is told of them when they are over. */
export class Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly requestId: string;
  readonly trace: Place | undefined;
  /** As in the list of routes: never a path, of which clients make as many as they like. */
  route = 'none';
  tenant: string | undefined;
  errorType: ErrorCode | undefined;
  /** Whether its credential was revoked while it waited. */
  isRevoked = false;
  readonly #parts: ExchangeParts;
  readonly #began = performance.now();
  #hasHeaders = false;

  constructor(parts: ExchangeParts, request: Request, response: Response) {
    this.#parts = parts;
    this.request = request;
    this.response = response;
    this.trace = parts.tracing.begin(request.get('traceparent'));
    this.requestId = requestIdOf(request.get('x-request-id'));
    response.locals['exchange'] = this;
    response.on('close', () => this.#tell());
  }

  /** What every answer has and this one has not yet: name, value, name, value. */
  get headers(): string[] {
    return this.#hasHeaders ? [] : ['x-request-id', this.requestId, ...this.#parts.headers];
  }

  /** For answers whose headers are not written all at once. */
  setHeaders(): void {
    setHeaders(this.response, this.headers);
    this.#hasHeaders = true;
  }

  #tell(): void {
    const { request, response, route, requestId, tenant, errorType, trace } = this;
    this.#parts.events.emit('request.answered', {
      method: request.method,
      route,
      status: response.statusCode,
      milliseconds: performance.now() - this.#began,
      requestId,
      tenant,
      errorType,
      trace,
    });
  }
}

/** What was begun for this response. */
export function exchangeOf(response: Response): Exchange {
  const exchange: unknown = response.locals['exchange'];
  if (exchange instanceof Exchange) return exchange;
  throw new TypeError('The exchange has not been begun');
}
