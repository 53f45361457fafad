import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { InferqError } from '../../shared/errors.ts';
import {
  createEndpointCaller,
  type EndpointCall,
  type EndpointCaller,
  type EndpointCallerOptions,
} from '../../workers/call-endpoint.ts';
import { json } from '../../workers/protocols/json.ts';
import { startReceiver, type Answer, type Receiver } from '../webhooks/receiver.ts';
import { modelNamed } from './protocols/any-model.ts';

export const JSON_TYPE = { 'content-type': 'application/json' };
export const STREAM_TYPE = { 'content-type': 'text/event-stream' };

export function startCaller(t: ExecutionContext, options: EndpointCallerOptions = {}): EndpointCaller {
  const caller = createEndpointCaller(options);
  t.teardown(() => caller.close());
  return caller;
}

/** A call of the json protocol with limits that no test runs into unless it says so. */
export function callOf(url: string, more: Partial<EndpointCall> = {}): EndpointCall {
  const endpoint = { url, weight: 1, priority: 0 };
  const request = json.toRequest({ text: 'hi' }, modelNamed('any'));
  return { endpoint, protocol: json, request, timeoutMs: 20_000, maxBytes: 100_000, ...more };
}

export async function faultOf(t: ExecutionContext, result: Promise<unknown>): Promise<InferqError> {
  const error = await t.throwsAsync(result, { instanceOf: InferqError });
  if (!error) throw new Error('The call succeeded.');
  return error;
}

/** Whether it comes true within a while. */
export async function until(condition: () => boolean, withinMs = 5000): Promise<boolean> {
  const begun = performance.now();
  while (!condition() && performance.now() - begun < withinMs) await sleep(5);
  return condition();
}

/** A server on which a call with this answer ends in an error that names it, and the error. */
export async function failing(
  t: ExecutionContext,
  answer: Answer,
  more: Partial<EndpointCall> = {},
): Promise<{ error: InferqError; server: Receiver }> {
  const server = await startReceiver(t, answer);
  const error = await faultOf(t, startCaller(t).call(callOf(server.url, more)));
  t.true(error.message.includes(server.url), error.message);
  return { error, server };
}
