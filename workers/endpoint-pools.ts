import { Pool } from 'undici';

export interface EndpointPools {
  /** The connections to an origin, made when they are first needed. */
  of(origin: string): Pool;
  /** Breaks off every connection. */
  close(): Promise<void>;
}

/**
 * Keep-alive connections, a pool an origin: `Pool.request` costs a fifth of the CPU of `fetch`. At most `maxOrigins`
 * are held; the one longest unused goes first, once its calls are done, as endpoints come and go with model files.
 * Timeouts are left to the caller, who has one for the whole call.
 */
export function createEndpointPools({
  connectTimeoutMs,
  maxOrigins,
}: {
  connectTimeoutMs: number;
  maxOrigins: number;
}): EndpointPools {
  const pools = new Map<string, Pool>();
  let newest: string | undefined;
  const closing = new Set<Promise<void>>();

  function open(origin: string): Pool {
    return new Pool(origin, {
      connect: { timeout: connectTimeoutMs },
      headersTimeout: 0,
      bodyTimeout: 0,
      // One request a connection, so that breaking a call off breaks off nothing else.
      allowH2: false,
      pipelining: 1,
    });
  }

  function dropOldest(): void {
    const [oldest] = pools;
    if (!oldest || pools.size <= maxOrigins) return;
    pools.delete(oldest[0]);
    const closed = oldest[1].close().finally(() => closing.delete(closed));
    closing.add(closed);
  }

  return {
    of(origin) {
      const pool = pools.get(origin) ?? open(origin);
      if (origin === newest) return pool;
      newest = origin;
      pools.delete(origin);
      pools.set(origin, pool);
      dropOldest();
      return pool;
    },
    async close() {
      const open = [...pools.values()];
      pools.clear();
      newest = undefined;
      await Promise.all([...open.map((pool) => pool.destroy()), ...closing]);
    },
  };
}
