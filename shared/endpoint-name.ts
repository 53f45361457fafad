import { createHash } from 'node:crypto';

/** Where an endpoint is, fit for messages, logs and clients: credentials and query may be secrets. */
export const endpointName = remembered((url) => {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
});

/** Tells endpoints of one model apart without showing their urls. */
export const endpointId = remembered((url) => createHash('sha256').update(url).digest('hex').slice(0, 16));

const MOST_REMEMBERED = 10_000;

/** Each call of a model asks for both several times. */
function remembered(make: (url: string) => string): (url: string) => string {
  const known = new Map<string, string>();
  return (url) => {
    const before = known.get(url);
    if (before !== undefined) return before;
    if (known.size >= MOST_REMEMBERED) known.clear();
    const made = make(url);
    known.set(url, made);
    return made;
  };
}
