import { createHash, randomBytes } from 'node:crypto';
import type { Principal, Scope } from '../principal.ts';
import { SCOPES } from '../principal.ts';
import type { RedisConnection } from './connection.ts';

/** What is kept of an API token: never the token, only its SHA-256, which is also the key it is found by. */
export interface TokenRecord {
  id: string;
  tenant: string;
  name: string;
  scopes: readonly Scope[];
  models: readonly string[];
}

export interface TokenStore {
  save(credential: string, record: TokenRecord): Promise<void>;
  find(credential: string): Promise<Principal | undefined>;
  remove(id: string): Promise<boolean>;
}

/** 256 random bits behind a prefix that secret scanners can recognise. */
export function newToken(): string {
  return `ifq_${randomBytes(32).toString('base64url')}`;
}

export function createTokenStore(redis: RedisConnection): TokenStore {
  return {
    async save(credential, record) {
      await this.remove(record.id);
      const hash = digest(credential);
      await redis.set(`inferq:token-id:${record.id}`, hash);
      await redis.set(`inferq:token:${hash}`, JSON.stringify(record));
    },
    async find(credential) {
      const text = await redis.get(`inferq:token:${digest(credential)}`);
      return text === null ? undefined : toPrincipal(JSON.parse(text));
    },
    async remove(id) {
      const hash = await redis.getdel(`inferq:token-id:${id}`);
      return hash !== null && (await redis.del(`inferq:token:${hash}`)) === 1;
    },
  };
}

function toPrincipal({ id, tenant, scopes, models }: TokenRecord): Principal {
  return { tenant, subject: `token:${id}`, scopes: scopes.filter((scope) => SCOPES.includes(scope)), models };
}

function digest(credential: string): string {
  return createHash('sha256').update(credential).digest('hex');
}
