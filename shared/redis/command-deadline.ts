import type { Redis } from 'ioredis';
import type { RedisConnection } from './connection.ts';

type Send = Redis['sendCommand'];
type Command = Parameters<Send>[0];

/**
 * Fails each command that has no answer after so many milliseconds. Not by ioredis' own `commandTimeout`: in a busy
 * process its timers fire before the answers that lie ready in the socket are read, so that the process takes itself
 * for a Redis that is away. Here what can be read is read first.
 */
export function limitCommands(redis: RedisConnection, milliseconds: number): void {
  const target: { sendCommand: Send } = redis;
  const send = redis.sendCommand.bind(redis);
  const watch = createWatch(milliseconds);
  target.sendCommand = (command, stream) => {
    watch(command);
    return send(command, stream);
  };
}

interface Waiting {
  command: Command;
  /** On the clock of `performance`. */
  due: number;
  next: Waiting | undefined;
}

/** All have the same time, so who came first is due first: one timer is enough for them all. */
function createWatch(milliseconds: number): (command: Command) => void {
  let first: Waiting | undefined;
  let last: Waiting | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** An answer may be large: it is not held for longer than those before it are waited for. */
  function forgetAnswered(): void {
    while (first?.command.isSettled) first = first.next;
    if (!first) last = undefined;
  }

  function look(): void {
    const now = performance.now();
    for (forgetAnswered(); first && first.due <= now; forgetAnswered())
      first.command.reject(new Error('Command timed out'));
    timer = first && lookIn(first.due - now);
  }

  function lookIn(delay: number): NodeJS.Timeout {
    return setTimeout(() => setImmediate(look), Math.max(1, delay)).unref();
  }

  return (command) => {
    forgetAnswered();
    const waiting: Waiting = { command, due: performance.now() + milliseconds, next: undefined };
    if (last) last.next = waiting;
    else first = waiting;
    last = waiting;
    timer ??= lookIn(milliseconds);
  };
}
