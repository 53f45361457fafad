import type { Readable } from 'node:stream';
import { InferqError, messageOf } from '../errors.ts';

/**
 * Keeps texts that are too large for Redis. A key is written once and never again. All but `presign` and `check` throw
 * `storage_unavailable` where the store cannot be reached or has no room.
 */
export interface BlobStore {
  /** Where it is, without secrets. */
  name: string;
  /** Resolves when the text is as safe as the store makes it. */
  put(key: string, text: string): Promise<void>;
  has(key: string): Promise<boolean>;
  /** Undefined where there is nothing under the key. */
  open(key: string): Promise<Readable | undefined>;
  /** Harmless where there is nothing. */
  remove(key: string): Promise<void>;
  /** An address at which anybody can read it for so many seconds; undefined where the store has none. */
  presign(key: string, seconds: number): Promise<string | undefined>;
  /** Throws, in words for who runs the broker, where it is seen to be away. It asks nobody over the network. */
  check(): Promise<void>;
}

const KEY = /^[\w-]+(\/[\w-]+)*$/;

/** Keys are made by the broker alone; without dots, none leads out of the store. */
export function checkKey(key: string): void {
  if (!KEY.test(key) || key.length > 200) throw new TypeError('Not a key of a blob');
}

/** The detail goes to clients: what the store said stays in the cause, for the log. */
export function storageUnavailable(doing: string, cause: unknown): InferqError {
  if (cause instanceof InferqError) return cause;
  return new InferqError(
    'storage_unavailable',
    `The store of large inputs and outputs does not ${doing} now: try again.`,
    { retryAfter: 5, cause: cause instanceof Error ? cause : new Error(messageOf(cause)) },
  );
}

/** What `/readyz` says of it; throws where it is seen to be away. */
export async function describeBlobs(store: BlobStore | undefined): Promise<string> {
  await store?.check();
  return store?.name ?? 'none: all stays in Redis';
}
