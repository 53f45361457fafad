export interface BrokerFacts {
  redisUrl: string;
  modelsUrl: string;
  /** The model file to use when the environment names none. */
  modelFile: string;
  /** The folder for large inputs and outputs when the environment names no place. */
  blobs: string;
}

/** What API and worker get: the user's environment, and what it leaves open. */
export function roleEnvironment(
  env: NodeJS.ProcessEnv,
  facts: BrokerFacts,
  metricsPort: string,
): NodeJS.ProcessEnv {
  return {
    PORT: '8080',
    HOST: '127.0.0.1',
    INFERQ_MODELS: facts.modelFile,
    // For development: webhooks to this machine, which are refused otherwise.
    INFERQ_WEBHOOK_ALLOW: '127.0.0.0/8,::1/128,localhost',
    // Others may use a Redis that was there already, and have to see the same.
    ...(env['REDIS_URL'] ? {} : { INFERQ_BLOBS: facts.blobs }),
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
