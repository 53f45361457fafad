import type { Endpoint } from '../../shared/model.ts';

/**
 * Chooses by weight among the endpoints of one priority: the first for a first attempt, the next lower one for each
 * attempt that failed before, and around again. `random` is in [0, 1).
 */
export function pickEndpoint(endpoints: readonly Endpoint[], spent: number, random: number): Endpoint {
  const priorities = [...new Set(endpoints.map(({ priority }) => priority))].sort((a, b) => a - b);
  const priority = priorities[spent % priorities.length];
  const candidates = endpoints.filter((endpoint) => endpoint.priority === priority);
  let left = random * candidates.reduce((sum, { weight }) => sum + weight, 0);
  const chosen = candidates.find(({ weight }) => (left -= weight) < 0) ?? candidates.at(-1);
  if (!chosen) throw new RangeError('A model has at least one endpoint');
  return chosen;
}
