/** One version of a model, as far as it matters for who gets the jobs. */
interface Version {
  traffic?: number;
}

/**
 * Percent of the jobs without a version that each version takes; `versions` go from the oldest to the newest. What the
 * given percentages leave goes to the newest version without one; without such a version they are taken in proportion.
 */
export function sharesOf(versions: readonly Version[]): number[] {
  const given = versions.reduce((sum, { traffic = 0 }) => sum + traffic, 0);
  const heir = versions.findLastIndex(({ traffic }) => traffic === undefined);
  const weights = versions.map(({ traffic = 0 }, index) =>
    index === heir ? Math.max(0, 100 - given) : traffic,
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return versions.map((_, index) => (index === versions.length - 1 ? 100 : 0));
  return weights.map((weight) => (100 * weight) / total);
}

/** The index of the version that a job without one gets, by chance in those shares. `random` is in [0, 1). */
export function chooseVersion(versions: readonly Version[], random: number): number {
  let left = random * 100;
  const shares = sharesOf(versions);
  const chosen = shares.findIndex((share) => (left -= share) < 0);
  // Sums of fractions may miss 100 by a hair.
  return chosen >= 0 ? chosen : shares.findLastIndex((share) => share > 0);
}

/** The index of the version that takes most of them; of equals the newest. */
export function mainVersion(versions: readonly Version[]): number {
  const shares = sharesOf(versions);
  return shares.lastIndexOf(Math.max(...shares));
}
