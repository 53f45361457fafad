import { createHash } from 'node:crypto';

/** Where an endpoint is, fit for messages, logs and clients: credentials and query may be secrets. */
export function endpointName(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** Tells endpoints of one model apart without showing their urls. */
export function endpointId(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 16);
}
