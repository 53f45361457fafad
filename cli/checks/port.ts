import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Client } from '../client.ts';
import { Failure } from '../failure.ts';
import { isHealthy } from './broker.ts';
import { broken, ok, type Finding } from './finding.ts';

const ELSEWHERE = 'PORT=8081 npm start';

/** Whether `npm start` could listen where this client looks for a broker, or one already does. */
export async function checkPort(client: Client): Promise<Finding> {
  const port = Number(new URL(client.connection.url).port || 80);
  const fault = await tryToListen(port);
  if (fault === null) return ok(`Port ${port} is free for npm start`);
  if (await isBroker(client)) return ok(`Port ${port} is used by inferq`);
  return fault === 'EADDRINUSE'
    ? broken(`Port ${port} is used by another program`, `Stop it, or start elsewhere: ${ELSEWHERE}`)
    : broken(`Port ${port} cannot be had (${fault})`, `Start elsewhere: ${ELSEWHERE}`);
}

/** Null, or the code of what stands in the way. */
async function tryToListen(port: number): Promise<string | null> {
  const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true });
  try {
    await once(server, 'listening');
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
  server.close();
  await once(server, 'close');
  return null;
}

async function isBroker(client: Client): Promise<boolean> {
  try {
    return isHealthy(await client.probe({ path: '/healthz', timeout: 5 }));
  } catch (thrown) {
    if (thrown instanceof Failure) return false;
    throw thrown;
  }
}
