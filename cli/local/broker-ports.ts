import { freePort, somebodyListens } from './ports.ts';
import { RoleFault } from './role-process.ts';

/** Where the documentation says that the demo models are. */
const MODELS_PORT = 9001;
const METRICS_PORT = 9464;
export const API_PORT = '8080';

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

/**
 * The `offset`-th of the metrics ports: counted from what the user asks for, else from the usual one. Any free one (0)
 * where nobody asked for one that is taken, or that clients of the API are to have.
 */
export async function metricsPort(
  { METRICS_PORT: asked, PORT: ofApi = API_PORT }: NodeJS.ProcessEnv,
  offset: number,
): Promise<string> {
  // Anything but a port goes to the roles as it is: they say what is wrong with it.
  if (asked !== undefined && (offset === 0 || !/^[1-9]\d*$/.test(asked))) return asked;
  const port = Number(asked ?? METRICS_PORT) + offset;
  const isFree = String(port) !== ofApi && (asked !== undefined || !(await somebodyListens(port)));
  return isFree ? String(port) : '0';
}
