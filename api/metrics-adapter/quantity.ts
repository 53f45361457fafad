const SUFFIXES = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/**
 * A number as Kubernetes writes quantities in canonical form: no fraction, the largest suffix that leaves a whole
 * number (`1500m`, `12`, `3k`). Rounded up to thousandths, which is as exact as an autoscaler counts.
 */
export function formatQuantity(value: number): string {
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`${value} is no quantity`);
  const thousandths = Math.ceil(Number((value * 1000).toFixed(6)));
  if (thousandths % 1000 !== 0) return `${thousandths}m`;
  let whole = thousandths / 1000;
  let step = 0;
  while (whole !== 0 && whole % 1000 === 0 && step < SUFFIXES.length - 1) {
    whole /= 1000;
    step++;
  }
  return `${whole}${SUFFIXES[step]}`;
}
