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

/** Named; each answers what is to be said of it, or throws. */
type Checks = Record<string, () => Promise<string>>;

/**
 * Runs checks. A slow one counts as failed after 500 ms. Without what the `doubts` look at it can serve all the same:
 * where one of them fails, it is but a warning.
 */
export function createReadiness(checks: Checks, warnings: () => string[], doubts: Checks = {}): Readiness {
  return {
    async report() {
      const [results, doubted] = await Promise.all([run(checks), run(doubts)]);
      return {
        ready: results.every(({ ok }) => ok),
        checks: Object.fromEntries([...results, ...doubted].map(({ name, says }) => [name, says])),
        warnings: [
          ...warnings(),
          ...doubted.filter(({ ok }) => !ok).map(({ name, says }) => `${name}: ${says}`),
        ],
      };
    },
  };
}

function run(checks: Checks): Promise<{ name: string; ok: boolean; says: string }[]> {
  return Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        return { name, ok: true, says: await inTime(check()) };
      } catch (error) {
        return { name, ok: false, says: explainTrouble(error) };
      }
    }),
  );
}

async function inTime(check: Promise<string>): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer within 500 ms')), 500);
  });
  return Promise.race([check, late]).finally(() => clearTimeout(timer));
}
