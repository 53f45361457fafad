import type { Redis } from 'ioredis';
import type { RedisConnection } from './connection.ts';

type Send = Redis['sendCommand'];

/**
 * Fails each command that has no answer after so many milliseconds. Not by ioredis' own `commandTimeout`: in a busy
 * process its timers fire before the answers that lie ready in the socket are read, so that the process takes itself
 * for a Redis that is away. Here what can be read is read first.
 */
export function limitCommands(redis: RedisConnection, milliseconds: number): void {
  const target: { sendCommand: Send } = redis;
  const send = redis.sendCommand.bind(redis);
  target.sendCommand = (command, stream) => {
    const timer = setTimeout(
      () => setImmediate(() => command.reject(new Error('Command timed out'))),
      milliseconds,
    );
    const settled = (): void => clearTimeout(timer);
    command.promise.then(settled, settled);
    return send(command, stream);
  };
}
