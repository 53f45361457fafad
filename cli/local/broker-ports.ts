import { freePort, somebodyListens } from './ports.ts';
import { RoleFault } from './role-process.ts';

/** Where the documentation says that the demo models are. */
const MODELS_PORT = 9001;
const METRICS_PORT = 9464;

/** The models' usual port, or any that is free when another program has that. */
export async function modelsPort(): Promise<number> {
  return (await somebodyListens(MODELS_PORT)) ? freePort() : MODELS_PORT;
}

/** Starts the models on this port, or on any (0) when it is taken meanwhile. */
export async function onModelsPort<T>(port: number, start: (port: string) => Promise<T>): Promise<T> {
  try {
    return await start(String(port));
  } catch (error) {
    // Another start may have been faster. If it was not the port, they fail again and say the same.
    if (error instanceof RoleFault) return start('0');
    throw error;
  }
}

/** The `offset`-th of the metrics ports: counted from what the user asks for, else from the usual one. */
export async function metricsPort(asked: string | undefined, offset: number): Promise<string> {
  if (asked === undefined) {
    return (await somebodyListens(METRICS_PORT + offset)) ? '0' : String(METRICS_PORT + offset);
  }
  // Anything but a port goes to the roles as it is: they say what is wrong with it. 0 is any free one.
  return /^[1-9]\d*$/.test(asked) ? String(Number(asked) + offset) : asked;
}
