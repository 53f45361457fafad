import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { isScope, type Principal, type Scope } from '../principal.ts';
import { toTime } from '../stored-job.ts';
import type { RedisConnection } from './connection.ts';

/** An API token as admins see it. The token itself is shown once, when it is made, and kept nowhere. */
export interface ApiToken {
  id: string;
  tenant: string;
  name: string;
  /** The first characters of the token, by which its owner knows it again. */
  prefix: string;
  scopes: Scope[];
  models: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

export type NewToken = Pick<ApiToken, 'tenant' | 'name' | 'scopes' | 'models' | 'expires_at'>;

export interface TokenStore {
  /** Makes `credential` a token; one that had this id before loses its force. */
  save(credential: string, token: NewToken, id?: string): Promise<ApiToken>;
  find(credential: string): Promise<Principal | undefined>;
  list(tenant: string): Promise<ApiToken[]>;
  /** The token that was revoked, or undefined where there was none. */
  remove(id: string): Promise<ApiToken | undefined>;
}

/** 256 random bits behind a prefix that secret scanners can recognise. */
export function newToken(): string {
  return `ifq_${randomBytes(32).toString('base64url')}`;
}

const PREFIX_LENGTH = 10;
const NOTE_USE_EVERY_S = 60;
/** So long admins still see a token that has ended. */
const SHOWN_AFTER_END_MS = 30 * 86_400_000;
/** Longer than a token may be idle and still be worth saying so. */
const USE_KEPT_S = 366 * 86_400;

export function createTokenStore(redis: RedisConnection): TokenStore {
  async function read(id: string): Promise<(ApiToken & { hash: string }) | undefined> {
    const [record, lastUsed] = await Promise.all([redis.get(recordKey(id)), redis.get(usedKey(id))]);
    return record === null ? undefined : { ...JSON.parse(record), last_used_at: lastUsed };
  }

  async function remove(id: string): Promise<ApiToken | undefined> {
    const stored = await read(id);
    if (!stored) return undefined;
    const { hash, ...token } = stored;
    await redis.del(hashKey(hash));
    await redis.srem(tenantKey(token.tenant), id);
    await redis.del(usedKey(id));
    await redis.del(recordKey(id));
    return token;
  }

  return {
    async save(credential, token, id = `tok_${randomBytes(9).toString('base64url')}`) {
      await remove(id);
      const made = {
        id,
        ...token,
        prefix: credential.slice(0, PREFIX_LENGTH),
        created_at: toTime(Date.now()),
      };
      const hash = sha256(credential);
      await redis.set(recordKey(id), JSON.stringify({ ...made, hash }));
      await redis.sadd(tenantKey(token.tenant), id);
      await redis.set(hashKey(hash), id);
      if (token.expires_at !== null)
        for (const key of [recordKey(id), hashKey(hash)])
          await redis.pexpireat(key, Date.parse(token.expires_at) + SHOWN_AFTER_END_MS);
      return { ...made, last_used_at: null };
    },
    async find(credential) {
      const hash = sha256(credential);
      const id = await redis.get(hashKey(hash));
      const token = id === null ? undefined : await read(id);
      if (!token || !sameText(token.hash, hash)) return undefined;
      if (token.expires_at !== null && Date.parse(token.expires_at) <= Date.now()) return undefined;
      // To the minute is enough, and costs a busy token next to nothing.
      if (
        token.last_used_at === null ||
        Date.now() - Date.parse(token.last_used_at) > NOTE_USE_EVERY_S * 1000
      )
        await redis.set(usedKey(token.id), toTime(Date.now()), 'EX', USE_KEPT_S);
      return toPrincipal(token);
    },
    async list(tenant) {
      const ids = await redis.smembers(tenantKey(tenant));
      const found = await Promise.all(ids.map(read));
      const gone = ids.filter((_, index) => found[index] === undefined);
      if (gone.length > 0) await redis.srem(tenantKey(tenant), ...gone);
      return found
        .filter((token) => token !== undefined)
        .map(({ hash: _hash, ...token }) => token)
        .sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
    },
    remove,
  };
}

function toPrincipal({ id, tenant, scopes, models }: ApiToken): Principal {
  return { tenant, subject: `token:${id}`, scopes: scopes.filter(isScope), models };
}

// Only a part of the hash is the key: what decides is a comparison whose time tells nothing.
function hashKey(hash: string): string {
  return `inferq:token-hash:${hash.slice(0, 32)}`;
}

function recordKey(id: string): string {
  return `inferq:token:${id}`;
}

function usedKey(id: string): string {
  return `inferq:token-used:${id}`;
}

function tenantKey(tenant: string): string {
  return `inferq:tokens-of:${tenant}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
