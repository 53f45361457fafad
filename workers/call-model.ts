import { InferqError } from '../shared/errors.ts';
import type { Events } from '../shared/events.ts';
import type { ExactNumbers } from '../shared/exact-numbers.ts';
import type { Endpoint } from '../shared/model.ts';
import type { Model } from '../shared/models/registry.ts';
import type { Tracing } from '../shared/observe/trace-context.ts';
import { traceparentOf } from '../shared/observe/trace-context.ts';
import { ownerOfRun } from '../shared/redis/keys.ts';
import { createCallAccount } from './call-account.ts';
import type { EndpointCaller } from './call-endpoint.ts';
import { timeFirstToken } from './first-token.ts';
import type { EndpointRequest, StreamPart } from './protocols/protocol.ts';
import { protocolOf } from './protocols/registry.ts';
import type { RetryBudgets } from './routing/retry-budget.ts';
import type { Router } from './routing/router.ts';
import type { TracedRun } from './traced-run.ts';
import type { BreakSignal } from './break-signal.ts';

export interface ModelCallParts {
  caller: EndpointCaller;
  router: Router;
  budgets: RetryBudgets;
  events: Events;
  tracing: Tracing;
}

/** The most that an answer may have, and where its integers go that a double does not hold. */
export interface AnswerLimits {
  maxBytes: number;
  exact: ExactNumbers;
}

/** How a call is watched and broken off. */
export interface CallWatch {
  signal: BreakSignal;
  /** The endpoint's stream is read on when it has resolved. */
  onPart: (part: StreamPart) => void | Promise<void>;
  /** Which endpoint it goes to; again where the first had no room. */
  onEndpoint: (endpoint: Endpoint) => void;
}

/** Calls the model with an input that is prepared, at whichever endpoint; answers what its protocol makes of it. */
export async function callModel(
  parts: ModelCallParts,
  run: TracedRun,
  model: Model,
  prepared: unknown,
  limits: AnswerLimits,
  watch: CallWatch,
): Promise<unknown> {
  const protocol = protocolOf(model.spec.protocol);
  const request = protocol.toRequest(prepared, model.spec);
  const body = await callEndpoint(parts, model, { run, request, headers: headersOf(run), limits, watch });
  return protocol.toOutput(body, prepared);
}

export interface EndpointExchange {
  /** The run that it is for; the first of several. */
  run: TracedRun;
  /** The other ones. */
  others?: readonly TracedRun[];
  request: EndpointRequest;
  headers: Record<string, string>;
  limits: AnswerLimits;
  watch: CallWatch;
}

/** Makes a request at whichever endpoint of the model; answers the body. */
export function callEndpoint(
  { caller, router, budgets, events, tracing }: ModelCallParts,
  model: Model,
  exchange: EndpointExchange,
): Promise<unknown> {
  const { run, request, limits, watch } = exchange;
  const { spec } = model;
  const { signal, onPart, onEndpoint } = watch;
  const timeout = timeoutOf(run, model);
  return router.call(model, { spent: run.spent, signal }, (endpoint) => {
    onEndpoint(endpoint);
    budgets.of(model).called();
    const timed = timeFirstToken(onPart, (milliseconds) =>
      events.emit('endpoint.first_token', { jobId: run.jobId, model: spec.name, milliseconds }),
    );
    const tell = createCallAccount({ events, tracing }, spec.name, exchange, endpoint);
    const headers = { ...exchange.headers, ...tell.headers };
    const call = { endpoint, protocol: protocolOf(spec.protocol), request, headers, ...limits, signal };
    const answer = tell.end(caller.call({ ...call, onPart: timed, timeoutMs: timeout * 1000 }), signal);
    if (timeout >= spec.timeout) return answer;
    return answer.catch((thrown: unknown) => {
      throw asHurried(thrown);
    });
  });
}

/** In seconds. */
export function timeoutOf(run: TracedRun, { spec }: Model): number {
  return run.spec.timeout ?? spec.timeout;
}

function asHurried(thrown: unknown): unknown {
  if (!(thrown instanceof InferqError) || thrown.code !== 'model_timeout' || thrown.upstream !== undefined)
    return thrown;
  return new InferqError(thrown.code, thrown.message, { upstream: 'hurried', cause: thrown });
}

export function headersOf(run: TracedRun): Record<string, string> {
  // Of the run's owner, who may have left it since an earlier attempt: all attempts carry the same.
  const owner = ownerOfRun(run.run);
  return {
    'idempotency-key': owner,
    'x-inferq-attempt': String(run.attempt),
    traceparent: run.spec.traceparent ?? traceparentOf(owner),
  };
}
