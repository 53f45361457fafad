import { randomFillSync } from 'node:crypto';

const pool = new Uint8Array(4096);
let at = pool.length;

/** So many random bytes, each handed out once; the system is asked for some hundred ids at a time. */
export function pooledRandomBytes(count: number): Uint8Array {
  if (at + count > pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  at += count;
  return pool.slice(at - count, at);
}
