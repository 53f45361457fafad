const WINDOW_MS = 60_000;
const MOST_IN_WINDOW = 5;
const FIRST_MS = 500;

/**
 * How long to wait before a role that has died is started again, in milliseconds; undefined when it dies too
 * often to go on. `deaths` are the times of all of them, the last one included, at `now`.
 */
export function restartDelay(deaths: readonly number[], now: number): number | undefined {
  const recent = deaths.filter((time) => now - time < WINDOW_MS).length;
  return recent > MOST_IN_WINDOW ? undefined : FIRST_MS * 2 ** (recent - 1);
}
