/** How often each duration came, by bucket. Four buckets an octave, from a millisecond on: a quantile is off by 10 %. */
export type Histogram = ReadonlyMap<number, number>;

const PER_OCTAVE = 4;

export function bucketOf(milliseconds: number): number {
  return Math.round(PER_OCTAVE * Math.log2(Math.max(1, milliseconds)));
}

/** The duration, in seconds, that the part `q` of all does not exceed; null where there are none. */
export function quantile(histogram: Histogram, q: number): number | null {
  const buckets = [...histogram].sort(([a], [b]) => a - b);
  let left = q * buckets.reduce((sum, [, count]) => sum + count, 0);
  const found = buckets.find(([, count]) => (left -= count) <= 0);
  return found ? Number((2 ** (found[0] / PER_OCTAVE) / 1000).toPrecision(2)) : null;
}

/** The mean duration, in seconds; null where there are none. */
export function meanOf(histogram: Histogram): number | null {
  const entries = [...histogram];
  const count = entries.reduce((sum, [, each]) => sum + each, 0);
  const total = entries.reduce((sum, [bucket, each]) => sum + each * 2 ** (bucket / PER_OCTAVE), 0);
  return count === 0 ? null : total / count / 1000;
}
