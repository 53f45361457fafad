import type { Principal } from '../../shared/principal.ts';
import { formatTraceparent, parseTraceparent } from '../../shared/observe/trace-context.ts';
import type { DepartureOf } from './departures.ts';
import type { Exchange } from './exchange.ts';
import type { JsonBody } from './json-body.ts';
import type { Call } from './route.ts';
import { atOnce, type InTurn } from './turns.ts';

export interface CallParts {
  exchange: Exchange;
  principal: Principal;
  parameters: Call['parameters'];
  body: JsonBody | undefined;
  departureOf: DepartureOf;
}

/** A request of Express as use cases see it; what few of them ask for is made when it is asked for. */
export class ExpressCall implements Call {
  readonly principal: Principal;
  readonly parameters: Call['parameters'];
  readonly base = '';
  readonly body: unknown;
  readonly bodyBytes: number;
  readonly inTurn: InTurn;
  readonly #exchange: Exchange;
  readonly #departureOf: DepartureOf;
  #signal: AbortSignal | undefined;
  #query: URLSearchParams | undefined;

  constructor({ exchange, principal, parameters, body, departureOf }: CallParts) {
    this.principal = principal;
    this.parameters = parameters;
    this.body = body?.value;
    this.bodyBytes = body?.bytes ?? 0;
    this.inTurn = body?.inTurn ?? atOnce;
    this.#exchange = exchange;
    this.#departureOf = departureOf;
  }

  get requestId(): string {
    return this.#exchange.requestId;
  }

  /** The client's, where no traces are made: it is passed on. */
  get traceparent(): string | undefined {
    const { trace, request } = this.#exchange;
    if (trace) return trace.own;
    const context = parseTraceparent(request.get('traceparent'));
    return context && formatTraceparent(context);
  }

  get address(): string {
    return this.#exchange.request.ip ?? '';
  }

  get query(): URLSearchParams {
    this.#query ??= queryOf(this.#exchange.request.originalUrl);
    return this.#query;
  }

  header(name: string): string | undefined {
    return this.#exchange.request.get(name);
  }

  get signal(): AbortSignal {
    this.#signal ??= this.#departureOf(this.#exchange);
    return this.#signal;
  }
}

function queryOf(target: string): URLSearchParams {
  const at = target.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : target.slice(at + 1));
}
