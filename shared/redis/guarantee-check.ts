import type { RedisConnection } from './connection.ts';
import { describeGuarantee, durabilityFault, readGuarantee, type Guarantee } from './durability.ts';

/**
 * What is guaranteed, where Redis is still set so: after a failover it is another Redis, and settings can be changed
 * while it runs. Throws where it offers less now.
 */
export async function checkGuarantee(redis: RedisConnection, guarantee: Guarantee): Promise<string> {
  if (guarantee.durability === 'memory') return describeGuarantee(guarantee);
  const offered = await readGuarantee(redis);
  if (durabilityFault(guarantee.durability, offered))
    throw new Error(`${guarantee.durability} is promised, but Redis offers ${offered.durability} now`);
  return describeGuarantee(guarantee);
}
