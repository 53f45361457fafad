import { EventEmitter } from 'node:events';
import type { ErrorCode } from './errors.ts';
import type { TerminalStatus } from './job-status.ts';

/** What happens in a role, by name. The core only emits; logs, metrics and traces are made by subscribers. */
export interface InferqEvents {
  'request.answered': {
    method: string;
    route: string;
    status: number;
    milliseconds: number;
    requestId: string;
    tenant?: string;
    jobId?: string;
    errorType?: ErrorCode;
  };
  'request.crashed': { requestId: string; error: unknown };
  'job.admitted': {
    jobId: string;
    model: string;
    tenant: string;
    kind: 'queued' | 'hit' | 'joined';
    requestId: string;
  };
  'job.started': {
    jobId: string;
    model: string;
    version: string;
    tenant: string;
    attempt: number;
    requestId: string;
    waitMs: number;
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
    errorType?: ErrorCode;
  };
  'attempt.failed': {
    jobId: string;
    model: string;
    attempt: number;
    endpoint: string;
    errorType: ErrorCode;
    detail: string;
    next: 'retry' | 'give up';
  };
  'attempt.refused': { jobId: string; run: string; reason: string };
  /** The first piece of a streamed output, counted from the call. */
  'endpoint.first_token': { jobId: string; model: string; milliseconds: number };
  /** A server without room; the job is put back, and its attempt does not count. */
  'endpoint.busy': { jobId: string; model: string; endpoint: string; delayMs: number };
  /** Several jobs went into one call. */
  'batch.sent': { model: string; size: number };
  'endpoint.called': {
    model: string;
    endpoint: string;
    outcome: ErrorCode | 'succeeded' | 'broken_off';
    milliseconds: number;
  };
  'endpoint.opened': { model: string; endpoint: string; detail: string };
  'endpoint.probed': { model: string; endpoint: string; detail: string };
  'endpoint.closed': { model: string; endpoint: string; detail: string };
  'webhook.attempted': {
    jobId: string;
    id: string;
    attempt: number;
    outcome: string;
    status?: number;
    error?: string;
  };
  /** No attempt was made: the receiver, or its tenant, has no room. */
  'webhook.put_off': { jobId: string; id: string; why: string; milliseconds: number };
  'models.loaded': { models: string[] };
  'models.refused': { error: unknown };
  /** A cluster in which models are looked for cannot be heard; it is tried again. */
  'discovery.failed': { cluster: string; error: unknown };
  /** What is not taken from clusters, and why. */
  'discovery.refused': { faults: string[] };
  /** The worker's pod could not be marked with what it runs: it may be chosen to go before an idle one. */
  'pod.unmarked': { error: unknown };
  'jwks.failed': { error: unknown };
  'blobs.failed': { error: unknown };
  'adapter.failed': { where: string; error: unknown };
  'redis.failed': { where: string; error: unknown };
  'role.started': { address: string; metrics: string; durability: string };
  'role.stopping': { reason: string };
}

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
