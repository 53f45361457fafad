import { InferqError } from '../../shared/errors.ts';
import { isObject } from '../../shared/json-object.ts';
import { invalidInput, invalidOutput, kindOf, messageIn, parseObject } from './body.ts';
import type { Protocol, ServerFault, StreamPart, StreamReader } from './protocol.ts';

/**
 * The HTTP API of servers built with Cog (https://cog.run/http/): `PUT /predictions/{id}`. The url is that of
 * `/predictions`; the id is the job's, so that a repetition does not start the same prediction twice.
 *
 * Input: an object, the arguments of the model's `run`. Output: what `run` returned. A model that is marked as
 * `@streaming` streams where the endpoint has the header `accept: text/event-stream`; others would refuse that.
 *
 * A server takes as many predictions as it has slots and answers 409 to more. That costs the job no attempt; nor does
 * 202 where an earlier call's prediction still runs under the id.
 */
export const cog: Protocol = {
  toRequest(input) {
    if (!isObject(input))
      throw invalidInput('that of a prediction', '', `must be an object, but is ${kindOf(input)}`);
    return {
      method: 'PUT',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: { input },
      keyInPath: true,
    };
  },
  toOutput(body) {
    if (isObject(body) && body['status'] === 'succeeded') return body['output'] ?? null;
    const found = isObject(body) ? `its "status" is ${kindOf(body['status'])}` : `it is ${kindOf(body)}`;
    throw invalidOutput(`The answer is not a prediction that succeeded: ${found}.`);
  },
  errorMessage,
  faultIn(status, body) {
    if (status === 409) return busy(errorMessage(body) ?? 'it has no free slot');
    return status < 300 && isObject(body) ? faultOf(body) : undefined;
  },
  stream: createReader,
};

/** FastAPI's list of faults, as Cog answers to an input that the model does not take, or a plain message. */
function errorMessage(body: unknown): string | undefined {
  const detail = isObject(body) ? body['detail'] : undefined;
  if (!Array.isArray(detail)) return messageIn(body);
  const faults: string[] = detail.flatMap((fault: unknown) => {
    if (!isObject(fault) || typeof fault['msg'] !== 'string') return [];
    const place = Array.isArray(fault['loc']) ? `${fault['loc'].join('.')}: ` : '';
    return [`${place}${fault['msg']}`];
  });
  return faults.length > 0 ? faults.join('; ') : undefined;
}

function faultOf(prediction: Record<string, unknown>): ServerFault | undefined {
  const message = messageIn(prediction);
  switch (prediction['status']) {
    case 'starting':
    case 'processing':
      return busy('an earlier call of the same prediction still runs');
    case 'failed':
      return { code: 'model_error', message: message ?? 'the prediction failed' };
    case 'canceled':
      return { code: 'model_error', message: message ?? 'the prediction was canceled at the server' };
    default:
      return undefined;
  }
}

function busy(message: string): ServerFault {
  return { code: 'model_unavailable', message, busy: true };
}

function createReader(): StreamReader {
  let prediction: unknown;
  return {
    read({ event, data }) {
      const said = parseObject(event, data);
      if (event === 'completed') {
        prediction = said;
        return [{ kind: 'done' }];
      }
      // What it had to repeat is gone from its memory; the prediction itself may yet succeed.
      if (event === 'error')
        throw new InferqError('model_unavailable', messageIn(said) ?? 'The model sent an error event.');
      return toPart(event, said);
    },
    body: () => prediction,
  };
}

function toPart(event: string, said: Record<string, unknown>): StreamPart[] {
  if (event === 'output' && said['chunk'] !== undefined) return [{ kind: 'chunk', chunk: said['chunk'] }];
  if (event === 'log' && typeof said['data'] === 'string') return [{ kind: 'log', message: said['data'] }];
  return [];
}
