import { EventEmitter } from 'node:events';
import type { ErrorCode } from './errors.ts';
import type { TerminalStatus } from './job-status.ts';
import type { Place } from './observe/trace-context.ts';
import type { EventType } from './webhook-event.ts';
import type { DeliveryAttempt } from './webhooks/delivery-attempt.ts';

/**
 * What happens in a role, by name. The core only emits; logs, metrics and traces are made by subscribers. `trace` is
 * there where traces are made.
 */
export interface InferqEvents {
  'request.answered': {
    method: string;
    route: string;
    status: number;
    milliseconds: number;
    requestId: string;
    tenant: string | undefined;
    errorType: ErrorCode | undefined;
    trace: Place | undefined;
  };
  'request.crashed': { requestId: string; error: unknown };
  'job.admitted': {
    jobId: string;
    model: string;
    version: string;
    tenant: string;
    kind: 'queued' | 'hit' | 'joined';
    requestId: string;
    milliseconds: number;
    trace?: Place | undefined;
  };
  'job.started': {
    jobId: string;
    model: string;
    version: string;
    tenant: string;
    attempt: number;
    requestId: string;
    waitMs: number;
    /** The attempt's. */
    trace?: Place | undefined;
  };
  'job.ended': {
    jobId: string;
    model: string;
    version: string;
    tenant: string;
    status: TerminalStatus;
    attempt: number;
    requestId: string;
    milliseconds: number;
    /** Since it was queued. */
    totalMs: number;
    errorType?: ErrorCode;
    trace?: Place | undefined;
  };
  /** Whatever becomes of it; `attempt.failed` has the reason. */
  'attempt.ended': {
    jobId: string;
    model: string;
    version: string;
    tenant: string;
    attempt: number;
    outcome: AttemptOutcome;
    requestId: string;
    milliseconds: number;
    trace?: Place | undefined;
  };
  'attempt.failed': {
    jobId: string;
    model: string;
    attempt: number;
    endpoint: string;
    errorType: ErrorCode;
    detail: string;
    next: 'retry' | 'give up';
    requestId: string;
    trace?: Place | undefined;
  };
  'attempt.refused': { jobId: string; run: string; reason: string; requestId: string };
  /** The first piece of a streamed output, counted from the call. */
  'endpoint.first_token': { jobId: string; model: string; milliseconds: number };
  /** A server without room; the job is put back, and its attempt does not count. */
  'endpoint.busy': { jobId: string; model: string; endpoint: string; delayMs: number; requestId: string };
  /** Several jobs went into one call. */
  'batch.sent': { model: string; size: number };
  'endpoint.called': {
    model: string;
    endpoint: string;
    outcome: ErrorCode | 'succeeded' | 'broken_off';
    milliseconds: number;
  };
  /** One request to an endpoint, for a job or for several. */
  'model.called': {
    jobId: string;
    model: string;
    endpoint: string;
    attempt: number;
    /** Jobs in it. */
    size: number;
    outcome: ErrorCode | 'succeeded' | 'broken_off';
    milliseconds: number;
    trace?: Place | undefined;
  };
  'endpoint.opened': { model: string; endpoint: string; detail: string };
  'endpoint.probed': { model: string; endpoint: string; detail: string };
  'endpoint.closed': { model: string; endpoint: string; detail: string };
  'webhook.attempted': {
    jobId: string;
    id: string;
    event: EventType;
    /** Of the receiver. */
    origin: string;
    attempt: number;
    outcome: DeliveryAttempt['outcome'];
    milliseconds: number;
    /** Of the submission, or of the test. */
    requestId?: string;
    status?: number;
    error?: string;
    trace?: Place | undefined;
  };
  /** No attempt was made: the receiver, or its tenant, has no room. */
  'webhook.put_off': { jobId: string; id: string; why: string; milliseconds: number; requestId?: string };
  'models.loaded': { models: string[] };
  'models.refused': { error: unknown };
  /** Jobs wait for a model that no worker serves; told once while that lasts. */
  'model.unserved': { model: string; detail: string };
  /** They are served, but hardly as they are meant. */
  'models.doubted': { doubts: readonly string[] };
  /** A cluster in which models are looked for cannot be heard; it is tried again. */
  'discovery.failed': { cluster: string; error: unknown };
  /** What is not taken from clusters, and why. */
  'discovery.refused': { faults: string[] };
  /** The worker's pod could not be marked with what it runs: it may be chosen to go before an idle one. */
  'pod.unmarked': { error: unknown };
  'jwks.failed': { error: unknown };
  'blobs.failed': { error: unknown };
  'adapter.failed': { where: string; error: unknown };
  'traces.failed': { error: unknown };
  'redis.failed': { where: string; error: unknown };
  /** One of several processes has died; another takes its place in so many seconds. */
  'process.died': { process: number; reason: string; restartIn: number };
  'role.started': { address: string; metrics: string; durability: string };
  'role.stopping': { reason: string };
}

/** An attempt that is put back, or broken off, has not failed. */
export type AttemptOutcome = ErrorCode | 'succeeded' | 'put_back' | 'broken_off';

export type EventName = keyof InferqEvents;

export interface Events {
  emit<Name extends EventName>(name: Name, details: InferqEvents[Name]): void;
  on<Name extends EventName>(name: Name, listener: (details: InferqEvents[Name]) => void): void;
}

export function createEvents(): Events {
  const emitter = new EventEmitter();
  return {
    emit: (name, details) => void emitter.emit(name, details),
    on: (name, listener) => void emitter.on(name, listener),
  };
}
