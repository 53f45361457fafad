import type { InferqError } from '../shared/errors.ts';
import { fullName, type Endpoint } from '../shared/model.ts';
import type { Model, Registry } from '../shared/models/registry.ts';
import type { Text } from '../shared/text.ts';
import { attemptRun, type AttemptParts } from './attempt.ts';
import type { TracedRun } from './traced-run.ts';
import type { BreakSignal } from './break-signal.ts';

/** The answer of another model, or why there is none. */
export interface StandIn {
  model: string;
  endpoint: Endpoint | undefined;
  result: { output: Text } | { thrown: unknown };
}

/** Whether the model could not be reached, rather than that it did not like what it was asked. */
export function isOutage({ code }: InferqError): boolean {
  return code === 'model_unavailable' || code === 'model_timeout';
}

/**
 * Asks the model's `fallback`, once, with that one's protocol and transforms. Undefined where it has none, or where
 * the input does not fit it. The output has to fit both models. What it streams on the way is not told: the model
 * itself may have said something before it broke off.
 */
export async function askFallback(
  parts: AttemptParts & { registry: Registry },
  run: TracedRun,
  model: Model,
  signal: BreakSignal,
): Promise<StandIn | undefined> {
  const { fallback } = model.spec;
  const other = fallback === undefined ? undefined : parts.registry.find(fallback);
  if (!other) return undefined;
  const standIn: Pick<StandIn, 'model' | 'endpoint'> = { model: fullName(other.spec), endpoint: undefined };
  const watch = {
    signal,
    onPart: () => undefined,
    onEndpoint: (endpoint: Endpoint) => (standIn.endpoint = endpoint),
  };
  try {
    const input: unknown = JSON.parse(await parts.texts.read(run.input));
    // The check puts the defaults of that model's schema in.
    if (other.checkInput(input).length > 0) return undefined;
    const own = { ...run, input: JSON.stringify(input), spent: 0 };
    const output = await attemptRun(parts, own, other, watch, model);
    return { ...standIn, result: { output } };
  } catch (thrown) {
    return { ...standIn, result: { thrown } };
  }
}
