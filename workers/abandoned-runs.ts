import type { RedisConnection } from '../shared/redis/connection.ts';

const CHANNEL = 'inferq:abandoned';

/** Tells of runs that nobody waits for any more: BullMQ's own cancellation does not leave its process. */
export function createAbandonedRuns(subscriber: RedisConnection, onAbandoned: (run: string) => void) {
  const onMessage = (channel: string, run: string): void => {
    if (channel === CHANNEL) onAbandoned(run);
  };
  return {
    async start(): Promise<void> {
      subscriber.on('message', onMessage);
      await subscriber.subscribe(CHANNEL);
    },
    async stop(): Promise<void> {
      subscriber.off('message', onMessage);
      await subscriber.quit().catch(() => subscriber.disconnect());
    },
  };
}
