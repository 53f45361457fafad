import { fullName, type ModelSpec } from '../model.ts';
import type { StoredModel } from '../redis/model-store.ts';
import { modelCode } from '../redis/keys.ts';
import type { ServedSpec } from './registry.ts';

/**
 * What is in force of both sources: the API's spec of a `name@version` lies over that of the files. One that was
 * removed from the API goes on for the jobs that were accepted, unless a file has it.
 */
export function servedSpecs(files: readonly ModelSpec[], stored: readonly StoredModel[]): ServedSpec[] {
  const served = new Map<string, ServedSpec>();
  for (const { spec, deletedAt } of stored)
    served.set(fullName(spec), { spec, source: 'api', draining: deletedAt !== undefined });
  for (const spec of files) {
    const over = served.get(fullName(spec));
    if (!over || over.draining) served.set(fullName(spec), { spec, source: 'file', draining: false });
  }
  return [...served.values()];
}

/** Why a model cannot be served beside the others; undefined where it can. */
export function codeClash({ name }: ModelSpec, others: readonly ModelSpec[]): string | undefined {
  const code = modelCode(name);
  const twin = others.find((other) => other.name !== name && modelCode(other.name) === code);
  return twin && `has the same key in Redis as ${twin.name}: rename one of them`;
}
