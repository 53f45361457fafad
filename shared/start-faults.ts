import { createServer } from 'node:http';
import { listeningHost, modelLocation, type Environment } from './config.ts';
import { messageOf } from './errors.ts';
import { createModelSource } from './models/model-source.ts';
import { closeServer, listen } from './observe/metrics-server.ts';

/**
 * What keeps a role from starting, a line each and each once: what is known of it, and what else is wrong with its
 * address and its models. Who mends the environment is to know of all of it at once.
 */
export async function startFaults(known: readonly unknown[], env: Environment): Promise<string[]> {
  const texts = [...known.map(messageOf), ...(await addressFaults(env)), ...(await modelFaults(env))];
  return [...new Set(texts.flatMap((text) => text.split('\n')))];
}

/** A name, and the address of another machine, look like any other until it is tried. */
async function addressFaults(env: Environment): Promise<string[]> {
  const server = createServer();
  try {
    await listen(server, { host: listeningHost(env), port: 0 });
    await closeServer(server);
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

async function modelFaults(env: Environment): Promise<string[]> {
  try {
    await createModelSource(modelLocation(env), env).load();
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}
