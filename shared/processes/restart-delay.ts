const WINDOW_MS = 60_000;
const FIRST_MS = 500;
const MOST_MS = 30_000;

/**
 * How many milliseconds to wait before a process that died is replaced. `deaths` are the times of all in its place, the
 * last one included, at `now`.
 */
export function restartDelay(deaths: readonly number[], now: number): number {
  const recent = deaths.filter((time) => now - time < WINDOW_MS).length;
  return Math.min(MOST_MS, FIRST_MS * 2 ** Math.max(0, recent - 1));
}
