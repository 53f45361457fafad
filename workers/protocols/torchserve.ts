import { invalidOutput, messageIn, postOf } from './body.ts';
import type { Protocol } from './protocol.ts';

/**
 * TorchServe's `POST /predictions/{model}` (https://pytorch.org/serve/inference_api.html), and that of servers that
 * speak like it, such as DJL Serving.
 *
 * Input: any JSON, which the model's handler gets as its `body`. Output: what the handler answers, which has to be
 * JSON. Batches are TorchServe's own affair: it joins what comes within its `max_batch_delay`.
 */
export const torchserve: Protocol = {
  toRequest: (input) => postOf(input),
  toOutput(body) {
    if (body !== null && body !== undefined) return body;
    throw invalidOutput('The answer is null: the handler of the model returned nothing.');
  },
  errorMessage: messageIn,
};
