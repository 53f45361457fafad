import type { Texts } from '../shared/blobs/texts.ts';
import { InferqError } from '../shared/errors.ts';
import { stringifyExactly, type ExactNumbers } from '../shared/exact-numbers.ts';
import type { Model } from '../shared/models/registry.ts';
import { ownerOfRun } from '../shared/redis/keys.ts';
import type { Text } from '../shared/text.ts';
import type { Batcher } from './batching/batcher.ts';
import { callModel, type CallWatch, type ModelCallParts } from './call-model.ts';
import type { Transforms } from './transforms/transforms.ts';
import type { TracedRun } from './traced-run.ts';

export interface AttemptParts extends ModelCallParts {
  batcher: Batcher;
  transforms: Transforms;
  texts: Texts;
  /** In bytes of JSON. */
  maxOutput: number;
}

/**
 * One call of the model: preprocess, request, answer, postprocess, check. Answers the output, kept where it belongs;
 * throws an InferqError, or the signal's reason where it was aborted. The output has to fit `alsoFor`, too, where the
 * model answers in the stead of that one.
 */
export async function attemptRun(
  parts: AttemptParts,
  run: TracedRun,
  model: Model,
  watch: CallWatch,
  alsoFor?: Model,
): Promise<Text> {
  const { transforms, texts, maxOutput } = parts;
  const { spec } = model;
  const input: unknown = JSON.parse(await texts.read(run.input));
  const prepared = spec.preprocess
    ? await transforms.run('preprocess', spec.preprocess, input, watch.signal)
    : input;
  const exact: ExactNumbers = new Map();
  const limits = { maxBytes: maxOutput, exact };
  const together = parts.batcher.call(model, { run, prepared, limits, watch });
  const answer = await (together ?? callModel(parts, run, model, prepared, limits, watch));
  const output = spec.postprocess
    ? await transforms.run('postprocess', spec.postprocess, answer, watch.signal)
    : answer;
  checkAgainst(model, output);
  if (alsoFor) checkAgainst(alsoFor, output);
  return await texts.keep(ownerOfRun(run.run), toText(output, exact, maxOutput));
}

function checkAgainst({ checkOutput }: Model, output: unknown): void {
  const [fault] = checkOutput(output);
  if (!fault) return;
  throw new InferqError('invalid_output', `The output${at(fault.pointer)} ${fault.detail}.`, {
    errors: [fault],
  });
}

function at(pointer: string): string {
  return pointer === '' ? '' : ` at ${pointer}`;
}

function toText(output: unknown, exact: ExactNumbers, most: number): string {
  const text = stringifyExactly(output ?? null, exact);
  if (Buffer.byteLength(text) <= most) return text;
  throw new InferqError('result_too_large', `The output has more than ${most} bytes of JSON.`);
}
