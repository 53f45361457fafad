import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

export interface RedisAddress {
  port: number;
  password?: string | undefined;
}

/**
 * Sends one command to a Redis on this machine and returns its reply as it stands on the wire, or undefined
 * when nobody answers. Enough to start and stop a server; whoever works with one uses a client.
 */
export async function askRedis(address: RedisAddress, ...command: string[]): Promise<string | undefined> {
  const socket = connect({ port: address.port, host: '127.0.0.1', timeout: 5000 });
  socket.on('timeout', () => socket.destroy(new Error('Redis does not answer')));
  if (address.password !== undefined) socket.write(encode(['AUTH', address.password]));
  socket.write(encode(command));
  // QUIT makes the server close, so that the end of the stream is the end of the reply.
  socket.write(encode(['QUIT']));
  try {
    return await text(socket);
  } catch {
    return undefined;
  }
}

function encode(command: readonly string[]): string {
  const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return `*${command.length}\r\n${parts.join('')}`;
}
