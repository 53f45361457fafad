import type { Texts } from '../shared/blobs/texts.ts';
import { InferqError } from '../shared/errors.ts';
import type { Events } from '../shared/events.ts';
import { stringifyExactly, type ExactIntegers } from '../shared/exact-numbers.ts';
import type { Endpoint } from '../shared/model.ts';
import type { Model } from '../shared/models/registry.ts';
import type { StartedRun } from '../shared/ports.ts';
import { ownerOfRun } from '../shared/redis/keys.ts';
import type { Text } from '../shared/text.ts';
import type { EndpointCaller } from './call-endpoint.ts';
import { timeFirstToken } from './first-token.ts';
import type { StreamPart } from './protocols/protocol.ts';
import { protocolOf } from './protocols/registry.ts';
import type { Transforms } from './transforms/transforms.ts';

export interface AttemptParts {
  caller: EndpointCaller;
  transforms: Transforms;
  events: Events;
  texts: Texts;
  /** In bytes of JSON. */
  maxOutput: number;
}

/**
 * One call of the model: preprocess, request, answer, postprocess, check. Answers the output, kept where it belongs; throws an
 * InferqError, or the signal's reason where it was aborted.
 */
export async function attemptRun(
  { caller, transforms, texts, maxOutput, events }: AttemptParts,
  run: StartedRun,
  { spec, checkOutput }: Model,
  endpoint: Endpoint,
  signal: AbortSignal,
  onPart: (part: StreamPart) => void,
): Promise<Text> {
  const protocol = protocolOf(spec.protocol);
  const input: unknown = JSON.parse(await texts.read(run.input));
  const prepared = spec.preprocess
    ? await transforms.run('preprocess', spec.preprocess, input, signal)
    : input;
  const exact: ExactIntegers = new Map();
  const body = await caller.call({
    endpoint,
    protocol,
    request: protocol.toRequest(prepared, spec),
    headers: headersOf(run),
    timeoutMs: (run.spec.timeout ?? spec.timeout) * 1000,
    maxBytes: maxOutput,
    signal,
    onPart: timeFirstToken(onPart, (milliseconds) =>
      events.emit('endpoint.first_token', { jobId: run.jobId, model: run.model, milliseconds }),
    ),
    exact,
  });
  const answer = protocol.toOutput(body);
  const output = spec.postprocess
    ? await transforms.run('postprocess', spec.postprocess, answer, signal)
    : answer;
  const [fault] = checkOutput(output);
  if (fault)
    throw new InferqError('invalid_output', `The output${at(fault.pointer)} ${fault.detail}.`, {
      errors: [fault],
    });
  return texts.keep(ownerOfRun(run.run), toText(output, exact, maxOutput));
}

function headersOf(run: StartedRun): Record<string, string> {
  const { traceparent } = run.spec;
  return {
    // Of the run's owner, who may have left it since an earlier attempt: all attempts carry the same.
    'idempotency-key': ownerOfRun(run.run),
    'x-inferq-attempt': String(run.attempt),
    ...(traceparent ? { traceparent } : {}),
  };
}

function at(pointer: string): string {
  return pointer === '' ? '' : ` at ${pointer}`;
}

function toText(output: unknown, exact: ExactIntegers, most: number): string {
  const text = stringifyExactly(output ?? null, exact);
  if (Buffer.byteLength(text) <= most) return text;
  throw new InferqError('result_too_large', `The output has more than ${most} bytes of JSON.`);
}
