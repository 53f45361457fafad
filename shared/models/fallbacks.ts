import type { Fault } from '../errors.ts';
import { fullName, splitName, type ModelSpec } from '../model.ts';
import { mainVersion } from './traffic.ts';

/** Fallbacks that lead nowhere, or round in a circle. The pointer is into the list of models. */
export function checkFallbacks(models: readonly ModelSpec[]): Fault[] {
  return models.flatMap((model, index) => {
    if (model.fallback === undefined) return [];
    const fault = faultOf(model, model.fallback, models);
    return fault === undefined
      ? []
      : [{ pointer: `/models/${index}/fallback`, detail: `${fullName(model)} ${fault}` }];
  });
}

function faultOf(model: ModelSpec, fallback: string, models: readonly ModelSpec[]): string | undefined {
  const seen = [fullName(model)];
  for (let next: string | undefined = fallback; next !== undefined;) {
    const found = mainOf(next, models);
    // The fault of a fallback's own fallback is told there.
    if (!found) return seen.length === 1 ? `falls back to ${next}, which there is not` : undefined;
    if (fullName(found) === seen[0]) return `falls back to itself: ${[...seen, seen[0]].join(', ')}`;
    if (seen.includes(fullName(found))) return undefined;
    seen.push(fullName(found));
    next = found.fallback;
  }
  return undefined;
}

const natural = new Intl.Collator('en', { numeric: true });

/** As the registry finds it: the version with most of the traffic where none is named. */
function mainOf(name: string, models: readonly ModelSpec[]): ModelSpec | undefined {
  const { name: base, version } = splitName(name);
  const versions = models
    .filter((model) => model.name === base && (version === undefined || model.version === version))
    .sort((a, b) => natural.compare(a.version, b.version));
  return versions[mainVersion(versions)];
}
