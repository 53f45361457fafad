import type { Environment } from '../config.ts';

/** A number for all models, and others for some. */
export type PerModel = (model: string) => number;

/** What scaling aims at; by model. */
export interface ScalingGoals {
  wait: PerModel;
  perWorker: PerModel;
}

/** Adds to `faults` what cannot be used. */
export function readScalingGoals(env: Environment, faults: string[]): ScalingGoals {
  return {
    wait: readPerModel(env, 'INFERQ_SCALING_WAIT', 10, 86_400, faults),
    perWorker: readPerModel(env, 'INFERQ_SCALING_CONCURRENCY', 50, 10_000, faults),
  };
}

/** `10,chat=60`: ten, and sixty for the model `chat`. */
function readPerModel(
  env: Environment,
  name: string,
  fallback: number,
  most: number,
  faults: string[],
): PerModel {
  let general = fallback;
  const own = new Map<string, number>();
  for (const entry of (env[name] ?? '').split(',')) {
    const text = entry.trim();
    if (text === '') continue;
    const [, model, digits = ''] = /^(?:([a-z0-9._-]+)=)?(\d+)$/.exec(text) ?? [];
    const value = Number(digits);
    if (digits === '' || value < 1 || value > most)
      faults.push(`${name} has '${text}': write a whole number from 1 to ${most}, or model=number.`);
    else if (model === undefined) general = value;
    else own.set(model, value);
  }
  return (model) => own.get(model) ?? general;
}
