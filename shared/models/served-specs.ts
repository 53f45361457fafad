import { fullName, type ModelSpec } from '../model.ts';
import type { StoredModel } from '../redis/model-store.ts';
import { modelCode } from '../redis/keys.ts';
import type { ServedSpec } from './registry.ts';

/**
 * What is in force of all sources: the API's spec of a `name@version` lies over that of the files, and both over what
 * clusters say. One that was removed from the API, or is `former`, removed from the files, goes on for the jobs that
 * were accepted, unless another source has it. A name that the operator uses is not a cluster's in any version, or the
 * owner of a namespace could draw its jobs to himself; what was accepted for his goes on.
 */
export function servedSpecs(
  files: readonly ModelSpec[],
  stored: readonly StoredModel[],
  former: readonly ModelSpec[] = [],
  discovered: readonly ModelSpec[] = [],
): ServedSpec[] {
  const served = new Map<string, ServedSpec>();
  const own = new Set(
    [...files, ...stored.flatMap(({ spec, deletedAt }) => (deletedAt === undefined ? [spec] : []))].map(
      ({ name }) => name,
    ),
  );
  for (const { spec, deletedAt } of stored)
    served.set(fullName(spec), { spec, source: 'api', draining: deletedAt !== undefined });
  for (const spec of files) {
    const over = served.get(fullName(spec));
    if (!over || over.draining) served.set(fullName(spec), { spec, source: 'file', draining: false });
  }
  for (const spec of discovered) {
    const over = served.get(fullName(spec));
    const draining = own.has(spec.name);
    if (!over || (over.draining && !draining))
      served.set(fullName(spec), { spec, source: 'cluster', draining });
  }
  for (const spec of former)
    if (!served.has(fullName(spec))) served.set(fullName(spec), { spec, source: 'file', draining: true });
  return [...served.values()];
}

/** Why a model cannot be served beside the others; undefined where it can. */
export function codeClash({ name }: ModelSpec, others: readonly ModelSpec[]): string | undefined {
  const code = modelCode(name);
  const twin = others.find((other) => other.name !== name && modelCode(other.name) === code);
  return twin && `has the same key in Redis as ${twin.name}: rename one of them`;
}

/** A spec that a file had until `deletedAt`, in Unix milliseconds. */
export interface FormerSpec {
  spec: ModelSpec;
  deletedAt: number;
}

/** Those that the files do not have any more, after a change from `before` to `after`. */
export function formerSpecs(
  known: readonly FormerSpec[],
  before: readonly ModelSpec[],
  after: readonly ModelSpec[],
  now: number,
): FormerSpec[] {
  const there = new Set(after.map(fullName));
  const gone = before.map((spec) => ({ spec, deletedAt: now }));
  return [...known, ...gone].filter(({ spec }) => !there.has(fullName(spec)));
}
