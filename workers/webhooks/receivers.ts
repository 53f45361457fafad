import type { DeliveryAttempt } from '../../shared/webhooks/delivery-attempt.ts';
import { createReceiver, type Receiver } from './receiver.ts';

export interface ReceiversOptions {
  /** How many attempts one tenant may have under way in this process, to all its receivers. */
  mostOfTenant: number;
  breakMs?: number;
  clock?: () => number;
  random?: () => number;
}

export type Turn = { made: DeliveryAttempt } | { putOffMs: number; why: string };

/** Sees to it that no receiver, and no tenant, takes the slots that the others need. */
export interface Receivers {
  /** Makes the attempt, or says how long to put it off where the receiver is dead or has no room. */
  attempt(tenant: string, url: string, make: () => Promise<DeliveryAttempt>): Promise<Turn>;
}

/** Who makes up host names cannot fill the memory: the one that was used least lately is forgotten. */
const MOST_KNOWN = 10_000;

export function createReceivers({
  mostOfTenant,
  breakMs = 5000,
  clock = () => performance.now(),
  random = Math.random,
}: ReceiversOptions): Receivers {
  const known = new Map<string, Receiver>();
  const running = new Map<string, number>();

  /** A tenant's own: what one tenant sends to a host that many use says nothing about the others. */
  function find(tenant: string, url: string): { key: string; receiver: Receiver } {
    const key = `${tenant} ${new URL(url).origin}`;
    const receiver = known.get(key) ?? createReceiver({ breakMs, clock });
    known.delete(key);
    known.set(key, receiver);
    const [oldest] = known.keys();
    if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
    return { key, receiver };
  }

  function count(tenant: string, change: 1 | -1): void {
    const now = (running.get(tenant) ?? 0) + change;
    if (now > 0) running.set(tenant, now);
    else running.delete(tenant);
  }

  return {
    async attempt(tenant, url, make) {
      const { key, receiver } = find(tenant, url);
      if ((running.get(tenant) ?? 0) >= mostOfTenant)
        return { putOffMs: receiver.putOffMs(random()), why: 'the tenant has as many under way as it may' };
      count(tenant, 1);
      try {
        const made = await receiver.attempt(make);
        if (made) return { made };
        const why = receiver.isBroken()
          ? 'the receiver keeps failing'
          : 'the receiver has as many as it takes';
        return { putOffMs: receiver.putOffMs(random()), why };
      } finally {
        count(tenant, -1);
        if (receiver.isForgettable() && known.get(key) === receiver && known.size > MOST_KNOWN / 2)
          known.delete(key);
      }
    },
  };
}
