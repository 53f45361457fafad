import { Redis } from 'ioredis';
import type { RedisConnection } from './connection.ts';

type Send = Redis['sendCommand'];

/**
 * Sends the commands of one turn of the event loop in one write, and so in one read of Redis: under load a write
 * costs more than all else of a command. Not by ioredis' auto-pipelining, which makes a pipeline object a turn and
 * another promise a command. A cluster's connections are left as they are.
 */
export function gatherWrites(redis: RedisConnection): void {
  if (!(redis instanceof Redis)) return;
  const target: { sendCommand: Send } = redis;
  const send = redis.sendCommand.bind(redis);
  let isGathering = false;
  target.sendCommand = (command, stream) => {
    const socket = redis.stream;
    if (!isGathering && redis.status === 'ready') {
      isGathering = true;
      socket.cork();
      setImmediate(() => {
        isGathering = false;
        socket.uncork();
      });
    }
    return send(command, stream);
  };
}
