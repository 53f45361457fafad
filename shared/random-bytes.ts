import { randomFillSync } from 'node:crypto';

const pool = Buffer.allocUnsafe(4096);
let at = pool.length;

/** So many random bytes, each handed out once; the system is asked for some hundred ids at a time. */
export function pooledRandomBytes(count: number): Uint8Array {
  if (at + count > pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  const bytes = pool.subarray(at, at + count);
  at += count;
  return Uint8Array.from(bytes);
}
