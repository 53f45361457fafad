import type { Environment } from './config.ts';

/** What stands between the API and its clients. */
export interface EdgeConfig {
  /** How many proxies in front of the API add to `X-Forwarded-For`; 0: none is believed. */
  trustedProxies: number;
  /** Whose pages may call the API from a browser; empty: nobody's. */
  corsOrigins: string[];
}

const MOST_PROXIES = 10;

/** Adds to `faults` what cannot be used. */
export function readEdgeConfig(env: Environment, faults: string[]): EdgeConfig {
  return { trustedProxies: readProxies(env, faults), corsOrigins: readOrigins(env, faults) };
}

function readProxies(env: Environment, faults: string[]): number {
  const text = env['INFERQ_TRUST_PROXY'] || '0';
  const count = Number(text);
  if (/^\d+$/.test(text) && count <= MOST_PROXIES) return count;
  faults.push(
    `INFERQ_TRUST_PROXY is '${text}': it must be how many proxies are in front of the API, 0 to ${MOST_PROXIES}.`,
  );
  return 0;
}

function readOrigins(env: Environment, faults: string[]): string[] {
  const origins = (env['INFERQ_CORS_ORIGINS'] ?? '')
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '');
  for (const origin of origins) {
    if (URL.parse(origin)?.origin === origin) continue;
    faults.push(
      `INFERQ_CORS_ORIGINS has '${origin}': an origin is written https://app.example.org, without a path; * is not taken.`,
    );
  }
  return origins;
}
