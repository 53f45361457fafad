import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { readAdapterConfig } from '../../api/metrics-adapter/adapter-config.ts';
import { ConfigError, readApiConfig, readWorkerConfig, type Environment } from '../../shared/config.ts';
import { namedRowsOf, namesUnder, readDocument, ROOT, sectionOf } from './document.ts';

const document = readDocument('docs/configuration.md');
const REDIS_URL = 'redis://127.0.0.1:6379';

test('each variable that both roles read is in the table of both', (t) => {
  const api = variablesOf(readApiConfig);
  const worker = variablesOf(readWorkerConfig);
  const both = api.filter((name) => worker.includes(name));
  t.deepEqual(namesUnder(document, '## Both roles'), both);
  t.deepEqual(
    namesUnder(document, '## The API'),
    api.filter((name) => !both.includes(name)),
  );
  t.deepEqual(
    namesUnder(document, '## The worker'),
    worker.filter((name) => !both.includes(name)),
  );
});

test('the table of the metrics adapter has what it reads beside what both roles read', (t) => {
  const both = variablesOf(readWorkerConfig).filter((name) => variablesOf(readApiConfig).includes(name));
  const own = variablesOf(readAdapterConfig).filter((name) => !both.includes(name));
  const shared = own.filter((name) => name.startsWith('INFERQ_SCALING_'));
  t.deepEqual(shared, ['INFERQ_SCALING_CONCURRENCY', 'INFERQ_SCALING_WAIT']);
  t.deepEqual(
    namesUnder(document, '## The metrics adapter'),
    own.filter((name) => !shared.includes(name)),
  );
});

test('the defaults are those of the code', (t) => {
  const api = readApiConfig({ REDIS_URL });
  const worker = readWorkerConfig({ REDIS_URL });
  const expected = {
    HOST: api.host,
    METRICS_PORT: api.metricsPort,
    INFERQ_MODELS: api.models,
    LOG_LEVEL: api.logLevel,
    INFERQ_PROCESSES: api.processes,
    PORT: api.port,
    INFERQ_MAX_BODY: api.maxBody,
    INFERQ_MAX_OUTPUT: worker.maxOutput,
    INFERQ_WORKER_ROLES: [...worker.roles].join(','),
    INFERQ_WORKER_CONCURRENCY: worker.concurrency,
    INFERQ_DRAIN_TIMEOUT: worker.drainTimeout,
    INFERQ_LOCK_TIME: worker.lockTime,
  };
  const rows = new Map(
    ['## Both roles', '## The API', '## The worker'].flatMap((heading) => [
      ...namedRowsOf(sectionOf(document, heading)),
    ]),
  );
  for (const [name, value] of Object.entries(expected)) t.is(rows.get(name)?.[1], `\`${value}\``, name);
});

test('each fault is told as the document says', (t) => {
  const faults = [
    ...faultsOf(readApiConfig, { METRICS_PORT: 'x', LOG_LEVEL: 'loud', INFERQ_PROCESSES: '0' }),
    ...faultsOf(readApiConfig, {
      REDIS_URL,
      JWT_ISSUER: 'i',
      JWT_AUDIENCE: 'a',
      JWT_TENANT_CLAIM: ' ',
    }).filter((fault) => !fault.startsWith('JWT_TENANT_CLAIM is set')),
    ...faultsOf(readApiConfig, { REDIS_URL, INFERQ_BLOBS: 'https://x', INFERQ_MAX_BODY: '1' }),
    ...faultsOf(readApiConfig, { REDIS_URL, INFERQ_BLOBS: 's3://bucket' }),
    ...faultsOf(readWorkerConfig, { REDIS_URL, INFERQ_MAX_OUTPUT: '1' }),
    ...faultsOf(readApiConfig, {
      REDIS_URL,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://user:password@collector',
      OTEL_EXPORTER_OTLP_HEADERS: 'key',
      OTEL_RESOURCE_ATTRIBUTES: 'region=%',
      OTEL_TRACES_SAMPLER: 'x',
      OTEL_TRACES_SAMPLER_ARG: '2',
    }),
    ...faultsOf(readApiConfig, { REDIS_URL, JWT_SECRET: 'secret' }),
    ...faultsOf(readApiConfig, { REDIS_URL, JWKS_URI: 'http://issuer.example/keys' }),
    ...faultsOf(readApiConfig, { REDIS_URL, INFERQ_DISCOVERY: 'east=', INFERQ_DISCOVERY_NAMESPACES: 'A' }),
    ...faultsOf(readApiConfig, { REDIS_URL, INFERQ_SCALING_WAIT: '0', INFERQ_SCALING_CONCURRENCY: 'x' }),
    ...faultsOf(readApiConfig, { REDIS_URL, INFERQ_DISCOVERY_ALLOW: '10.1' }),
    ...faultsOf(readWorkerConfig, { REDIS_URL, POD_NAME: 'worker-1' }),
    ...faultsOf(readAdapterConfig, { REDIS_URL, PORT: 'x', INFERQ_FRONT_PROXY_NAMES: 'a' }),
    ...faultsOf(readAdapterConfig, {
      REDIS_URL,
      INFERQ_TLS_CERT: 'a',
      INFERQ_TLS_KEY: 'b',
      INFERQ_FRONT_PROXY_CA: 'c',
      INFERQ_KUBECONFIG: 'd',
    }),
    ...faultsOf(readWorkerConfig, {
      INFERQ_WORKER_ROLES: 'x',
      INFERQ_WORKER_CONCURRENCY: '0',
      INFERQ_DRAIN_TIMEOUT: '-1',
      INFERQ_LOCK_TIME: '0',
    }),
  ];
  t.true(faults.length >= 16);
  for (const fault of faults) t.true(document.includes(`\`${fault}\``), fault);
});

test('each variable in the tables is read somewhere', async (t) => {
  const code: string[] = [];
  for await (const file of glob('{api,workers,shared,cli,examples}/**/*.{ts,mjs,yaml}', { cwd: ROOT }))
    code.push(await readFile(path.join(ROOT, file), 'utf8'));
  const names = [...namedRowsOf(document).keys()];
  t.true(names.length > 10);
  for (const name of names)
    t.true(
      code.some((text) => new RegExp(`\\b${name}\\b`).test(text)),
      name,
    );
});

/** The names that are asked for, whether they are set or not, in order. */
function variablesOf(read: (env: Environment) => unknown): string[] {
  const asked = new Set<string>();
  const env = new Proxy<Record<string, string>>(
    {},
    {
      get(_, name) {
        asked.add(String(name));
        return undefined;
      },
    },
  );
  faultsOf(read, env);
  return [...asked].sort();
}

function faultsOf(read: (env: Environment) => unknown, env: Environment): string[] {
  try {
    read(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
}
