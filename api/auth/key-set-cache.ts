import { createLocalJWKSet, type JSONWebKeySet } from 'jose';
import { InferqError } from '../../shared/errors.ts';

/** Between two fetches, whatever became of the first: a flood of made-up `kid`s costs the issuer no more than that. */
const COOL_DOWN_MS = 30_000;
/** After that the issuer is asked again, so that a withdrawn key is refused within this time. */
const MAX_AGE_MS = 600_000;
/** While the issuer does not answer, the keys that are known go on for so long. */
const MAX_STALE_MS = 24 * 3_600_000;

export interface KeySet {
  keyFor: ReturnType<typeof createLocalJWKSet>;
  fetchedAt: number;
}

export interface KeySetParts {
  fetchKeys(): Promise<JSONWebKeySet>;
  /** Told of every fetch that failed; the keys that are known stay in force. */
  onFailure(error: unknown): void;
  /** Monotonic milliseconds. */
  now?: () => number;
}

export interface KeySetCache {
  /** Throws `keys_unavailable` where there is none. */
  current(): Promise<KeySet>;
  /** The keys anew, for a token whose key is unknown; undefined where the issuer was asked only just. */
  afterRotation(): Promise<KeySet | undefined>;
  /** Says, at any later time, whether the set is still the one to go by. */
  voucherOf(set: KeySet): () => boolean;
}

/**
 * When to fetch a JWKS. Not left to jose's createRemoteJWKSet: that has no cool-down after a fetch that failed, and
 * gives up old keys while the issuer is away.
 */
export function createKeySetCache(parts: KeySetParts): KeySetCache {
  const now = parts.now ?? (() => performance.now());
  let known: KeySet | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let failed = false;
  let fetching: Promise<void> | undefined;

  const mayFetch = (): boolean => fetching !== undefined || now() - triedAt >= COOL_DOWN_MS;
  const isOld = ({ fetchedAt }: KeySet): boolean => now() - fetchedAt >= MAX_AGE_MS;
  const isUsable = (set: KeySet | undefined): set is KeySet =>
    set !== undefined && now() - set.fetchedAt < MAX_STALE_MS;

  async function load(): Promise<void> {
    triedAt = now();
    try {
      known = { keyFor: createLocalJWKSet(await parts.fetchKeys()), fetchedAt: now() };
      failed = false;
    } catch (error) {
      failed = true;
      parts.onFailure(error);
    }
  }

  function refresh(): Promise<void> {
    fetching ??= load().finally(() => {
      fetching = undefined;
    });
    return fetching;
  }

  return {
    async current() {
      if ((!isUsable(known) || isOld(known)) && mayFetch()) {
        const refreshed = refresh();
        // An issuer that is known to be away is asked in passing: nobody waits for its time-out again.
        if (!isUsable(known) || !failed) await refreshed;
      }
      if (isUsable(known)) return known;
      throw keysUnavailable(triedAt + COOL_DOWN_MS - now());
    },
    async afterRotation() {
      if (!mayFetch()) return undefined;
      await refresh();
      return known;
    },
    voucherOf(set) {
      const until = Math.max(set.fetchedAt + MAX_AGE_MS, triedAt + COOL_DOWN_MS);
      return () => set === known && now() < until;
    },
  };
}

/** 503 rather than 401: the token may be good, so the client must keep it and come again. */
function keysUnavailable(retryAfterMs: number): InferqError {
  return new InferqError(
    'keys_unavailable',
    'The keys that verify this token cannot be fetched. Try again.',
    {
      retryAfter: Math.max(1, retryAfterMs / 1000),
    },
  );
}
