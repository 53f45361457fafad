import type { RedisConnection } from './connection.ts';
import { describeGuarantee, readOffer, type Guarantee } from './durability.ts';

/**
 * What is guaranteed, where Redis is still set so: after a failover it is another Redis, and settings can be changed
 * while it runs. Throws where it offers less now.
 */
export async function checkGuarantee(redis: RedisConnection, guarantee: Guarantee): Promise<string> {
  if (guarantee.durability === 'memory') return describeGuarantee(guarantee);
  const offer = await readOffer(redis);
  if (guarantee.onDisk && !offer.onDisk)
    throw new Error('Redis does not write each command to disk any more');
  if (offer.evicts) throw new Error('Redis evicts keys now');
  return describeGuarantee(guarantee);
}
