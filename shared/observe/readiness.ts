import { explainTrouble } from '../redis/trouble.ts';

export interface ReadinessReport {
  ready: boolean;
  checks: Record<string, string>;
  /** What is not as it should be, though it can serve. */
  warnings: string[];
}

export interface Readiness {
  report(): Promise<ReadinessReport>;
}

/** Runs named checks; each answers what is to be said of it, or throws. A slow one counts as failed after 500 ms. */
export function createReadiness(
  checks: Record<string, () => Promise<string>>,
  warnings: () => string[],
): Readiness {
  return {
    async report() {
      const results = await Promise.all(
        Object.entries(checks).map(async ([name, check]) => {
          try {
            return { name, ok: true, says: await inTime(check()) };
          } catch (error) {
            return { name, ok: false, says: explainTrouble(error) };
          }
        }),
      );
      return {
        ready: results.every(({ ok }) => ok),
        checks: Object.fromEntries(results.map(({ name, says }) => [name, says])),
        warnings: warnings(),
      };
    },
  };
}

async function inTime(check: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer within 500 ms')), 500);
  });
  return Promise.race([check, late]).finally(() => clearTimeout(timer));
}
