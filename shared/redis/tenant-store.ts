import { DEFAULT_SETTINGS } from '../default-settings.ts';
import type { TenantSettings } from '../tenant.ts';
import type { RedisConnection } from './connection.ts';
import { toTime } from '../stored-job.ts';

const INDEX = 'inferq:tenants';

/** A tenant as admins see it. */
export interface Tenant extends TenantSettings {
  id: string;
  created_at: string;
  updated_at: string;
}

export interface TenantStore {
  find(id: string): Promise<Tenant | undefined>;
  list(): Promise<Tenant[]>;
  /** Makes it or replaces its settings. */
  save(id: string, settings: TenantSettings): Promise<Tenant>;
  remove(id: string): Promise<boolean>;
}

export function createTenantStore(redis: RedisConnection): TenantStore {
  async function find(id: string): Promise<Tenant | undefined> {
    const text = await redis.get(keyOf(id));
    return text === null ? undefined : JSON.parse(text);
  }
  return {
    find,
    async list() {
      const found = await Promise.all((await redis.smembers(INDEX)).sort().map(find));
      return found.filter((tenant) => tenant !== undefined);
    },
    async save(id, settings) {
      const now = toTime(Date.now());
      const before = await find(id);
      const tenant: Tenant = { id, ...settings, created_at: before?.created_at ?? now, updated_at: now };
      await redis.set(keyOf(id), JSON.stringify(tenant));
      await redis.sadd(INDEX, id);
      return tenant;
    },
    async remove(id) {
      await redis.srem(INDEX, id);
      return (await redis.del(keyOf(id))) === 1;
    },
  };
}

function keyOf(id: string): string {
  return `inferq:tenant:${id}`;
}

const REMEMBERED_MS = 2000;
const MOST_REMEMBERED = 10_000;

export interface RememberedTenants {
  /** Changes tenants so that it is in force in this process at once. */
  tenants: TenantStore;
  /** The settings in force for a tenant. */
  settingsOf: (tenant: string) => Promise<TenantSettings>;
}

/**
 * Settings are asked for at every submission: they are remembered, for so long that what another process changes is in
 * force here after two seconds.
 */
export function rememberSettings(
  store: TenantStore,
  now: () => number = () => performance.now(),
): RememberedTenants {
  const remembered = new Map<string, { settings: TenantSettings; until: number }>();
  let changes = 0;

  async function changing<T>(id: string, change: Promise<T>): Promise<T> {
    try {
      return await change;
    } finally {
      // Where Redis did not answer it may be done all the same. What is being read now may be of before.
      changes += 1;
      remembered.delete(id);
    }
  }

  return {
    tenants: {
      ...store,
      save: (id, settings) => changing(id, store.save(id, settings)),
      remove: (id) => changing(id, store.remove(id)),
    },
    async settingsOf(tenant) {
      const known = remembered.get(tenant);
      if (known && known.until > now()) return known.settings;
      const seen = changes;
      const settings = (await store.find(tenant)) ?? DEFAULT_SETTINGS;
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      if (seen === changes) remembered.set(tenant, { settings, until: now() + REMEMBERED_MS });
      return settings;
    },
  };
}
