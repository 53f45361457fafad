import { Redis } from 'ioredis';
import type { RedisConnection } from './connection.ts';
import { atTurnEnd } from './turn-end.ts';

type Send = Redis['sendCommand'];
type Socket = Redis['stream'];

/**
 * Sends the commands of one turn of the event loop in one write, and so in one read of Redis: under load a write
 * costs more than all else of a command. Not by ioredis' auto-pipelining, which makes a pipeline object a turn and
 * another promise a command. A cluster's connections are left as they are.
 *
 * Who holds the thread for milliseconds in a turn sends what has come to `most` characters at once: Redis is at work on
 * it meanwhile, rather than idle until the turn is over.
 */
export function gatherWrites(redis: RedisConnection, most = Number.POSITIVE_INFINITY): void {
  if (!(redis instanceof Redis)) return;
  const target: { sendCommand: Send } = redis;
  const send = redis.sendCommand.bind(redis);
  const gathering = new WeakSet<Socket>();
  target.sendCommand = (command, stream) => {
    const socket = redis.stream;
    if (redis.status === 'ready' && !gathering.has(socket)) {
      gathering.add(socket);
      gatherOn(socket, most);
    }
    return send(command, stream);
  };
}

/** Texts are joined rather than held back by `cork`, which would give each to the system as a piece of its own. */
function gatherOn(socket: Socket, most: number): void {
  const write = socket.write.bind(socket);
  const end = socket.end.bind(socket);
  let gathered = '';

  function flush(): void {
    const text = gathered;
    gathered = '';
    if (text !== '' && socket.writable) write(text, isAscii(text) ? 'latin1' : 'utf8');
  }

  const gather = (data: string | Uint8Array): boolean => {
    if (typeof data !== 'string') {
      flush();
      return write(data);
    }
    if (gathered === '') atTurnEnd('send', flush);
    gathered += data;
    if (gathered.length >= most) flush();
    return true;
  };
  const endGathered = (): Socket => {
    flush();
    return end();
  };
  Object.assign(socket, { write: gather, end: endGathered });
}

/** What is ASCII alone need not be encoded. */
function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}
