import test from 'ava';
import { parseDocument } from 'yaml';
import { readDocument } from '../docs/document.ts';

interface Service {
  image: string;
  build?: { context: string; target: string };
  command?: string[];
  user?: string;
  environment?: Record<string, string>;
  volumes?: string[];
  networks?: string[];
  ports?: string[];
  depends_on?: Record<string, { condition: string }>;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  [key: string]: unknown;
}

interface Composition {
  services: Record<string, Service>;
  networks: Record<string, unknown>;
  volumes: Record<string, unknown>;
  [key: string]: unknown;
}

/** What Compose 1.29 knows of a service, as far as it is needed here. */
const KEYS = new Set(
  `image build command entrypoint user environment volumes networks network_mode ports depends_on healthcheck init
   read_only tmpfs cap_drop security_opt restart stop_grace_period stop_signal`.split(/\s+/),
);

const document = parseDocument(readDocument('docker-compose.yml'), {
  merge: true,
  strict: true,
  uniqueKeys: true,
});
const compose: Composition = document.toJS();
const services = Object.entries(compose.services);
const own = services.filter(([, { build }]) => build?.target === 'inferq');

test('the file is for Compose v2 and 1.29', (t) => {
  t.deepEqual([...document.errors, ...document.warnings], []);
  const top = Object.keys(compose).filter((key) => !key.startsWith('x-'));
  t.deepEqual(top.sort(), ['networks', 'services', 'volumes']);
  for (const [name, service] of services)
    for (const key of Object.keys(service)) t.true(KEYS.has(key), `${name} has ${key}`);
});

test('every name that a service uses is there', (t) => {
  for (const [name, { networks = [], volumes = [], depends_on: needs = {} }] of services) {
    for (const network of networks) t.true(network in compose.networks, `${name}: ${network}`);
    for (const need of Object.keys(needs)) t.true(need in compose.services, `${name}: ${need}`);
    for (const volume of volumes.map((text) => text.split(':', 1)[0] ?? ''))
      t.true(volume.startsWith('./') || volume in compose.volumes, `${name}: ${volume}`);
  }
});

test('images are built here or pinned to a version, and no registry is named', (t) => {
  for (const [name, { image, build }] of services) {
    t.regex(image, /^[a-z][a-z0-9-]*(?::\d+\.\d+\.\d+-[a-z]+)?$/, name);
    t.is(image.includes(':'), build === undefined, name);
  }
});

test('every container has a root that is read-only, no capabilities, and a user who is not root', (t) => {
  for (const [name, service] of services) {
    t.true(service.read_only, name);
    t.deepEqual(service.cap_drop, ['ALL'], name);
    t.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    // Those that are built here say so in their image.
    if (!service.build) t.regex(service.user ?? '', /^[1-9]\d*:[1-9]\d*$/, name);
  }
});

test('only nginx is reached from outside, and from this machine alone; Redis reaches nobody', (t) => {
  t.deepEqual(
    services.filter(([, { ports }]) => ports).map(([name, { ports }]) => [name, ports]),
    [['nginx', ['${INFERQ_LISTEN:-127.0.0.1:8080}:8080']]],
  );
  t.deepEqual(compose.services['redis']?.networks, ['back']);
  t.deepEqual(compose.networks['back'], { internal: true });
  t.false(compose.services['nginx']?.networks?.includes('back'));
});

test('no secret is in the file', (t) => {
  for (const [name, { environment = {} }] of services)
    for (const [variable, value] of Object.entries(environment))
      if (
        /URL|TOKEN|SECRET|PASSWORD/.test(variable) &&
        !['DEMO_MODELS_URL', 'ANNOUNCED_URL'].includes(variable)
      )
        t.regex(`${variable}=${value}`, /^\w+_FILE=\/secrets\/(?:api|worker)\/[\w-]+$/, name);
  // Each role sees its own.
  for (const [name, { volumes = [] }] of own.filter(([name]) => name !== 'secrets')) {
    const secrets = volumes.filter((volume) => volume.includes('secrets'));
    t.deepEqual(secrets, [
      name.includes('worker') ? 'worker-secrets:/secrets/worker:ro' : 'api-secrets:/secrets/api:ro',
    ]);
  }
});

test('Redis keeps what it has acknowledged, and refuses to grow in good time, and lets in only users that it was told of', (t) => {
  const flags = (compose.services['redis']?.command ?? []).join(' ');
  for (const flag of [
    '--aclfile /secrets/redis/users.acl',
    '--appendonly yes',
    '--appendfsync always',
    '--maxmemory ${INFERQ_REDIS_MEMORY:-1gb}',
    '--maxmemory-policy noeviction',
    '--hash-max-listpack-value 2048',
  ])
    t.true(flags.includes(flag), flag);
});

test('nginx has the replicas that there are, which believe one proxy; each worker has a part', (t) => {
  const replicas = services.filter(([, { command }]) => command?.[0] === 'api').map(([name]) => name);
  const servers = [...readDocument('nginx/site.conf').matchAll(/^ +server ([\w-]+):8080 /gm)].map(
    ([, name]) => name,
  );
  t.deepEqual(servers, replicas);
  t.true(replicas.length >= 2);
  for (const replica of replicas) t.is(compose.services[replica]?.environment?.['INFERQ_TRUST_PROXY'], '1');
  const parts = services.flatMap(([, { environment }]) => environment?.['INFERQ_WORKER_ROLES'] ?? []);
  t.deepEqual(parts.sort(), ['models', 'webhooks']);
});
