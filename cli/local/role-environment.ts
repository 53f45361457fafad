import { join } from 'node:path';
import { API_PORT } from './broker-ports.ts';

export interface BrokerFacts {
  /** The clone. */
  root: string;
  /** Its `.inferq` */
  state: string;
  redisUrl: string;
  modelsUrl: string;
}

/** What API and worker get: the user's environment, and what it leaves open. */
export function roleEnvironment(
  env: NodeJS.ProcessEnv,
  facts: BrokerFacts,
  metricsPort: string,
): NodeJS.ProcessEnv {
  return {
    PORT: API_PORT,
    HOST: '127.0.0.1',
    INFERQ_MODELS: join(facts.root, 'examples', 'models', 'models.yaml'),
    // For development: webhooks to this machine, which are refused otherwise.
    INFERQ_WEBHOOK_ALLOW: '127.0.0.0/8,::1/128,localhost',
    // Others may use a Redis that was there already, and have to see the same.
    ...(env['REDIS_URL'] ? {} : { INFERQ_BLOBS: join(facts.state, 'blobs') }),
    ...env,
    METRICS_PORT: metricsPort,
    REDIS_URL: facts.redisUrl,
    DEMO_MODELS_URL: facts.modelsUrl,
  };
}

export function modelsEnvironment(env: NodeJS.ProcessEnv, port: string): NodeJS.ProcessEnv {
  return { ...env, PORT: port, HOST: '127.0.0.1' };
}

/** The same role under the port that it had got: others know its address. */
export function samePort(env: NodeJS.ProcessEnv, url: string): NodeJS.ProcessEnv {
  const { port } = new URL(url);
  return port === '' ? env : { ...env, PORT: port };
}
