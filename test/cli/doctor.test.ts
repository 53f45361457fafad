import { once } from 'node:events';
import { createServer } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { checkDependencies, checkNode } from '../../cli/checks/node.ts';
import { json, problem, startFakeBroker, type FakeBroker } from './fake-broker.ts';
import { runInferq, type RunOptions } from './inferq-process.ts';

// With a REDIS_URL it does not look for a Redis, which may take a download.
const env = { REDIS_URL: 'redis://:hunter22@127.0.0.1:1' };

const endpoint = (url: string, healthy?: boolean) => ({
  url,
  state: healthy === undefined ? 'unknown' : healthy ? 'closed' : 'open',
});

async function healthyBroker(t: ExecutionContext): Promise<FakeBroker> {
  const broker = await startFakeBroker(t);
  broker.on('GET /healthz', json(200, { status: 'ok' }));
  broker.on('GET /readyz', json(200, { ready: true, checks: { redis: 'ok', durability: 'fsync' } }));
  broker.on('GET /models', json(200, { data: [{ name: 'm', version: '1' }], next: null }));
  return broker;
}

function doctor(t: ExecutionContext, options: RunOptions, args: string[] = []) {
  return runInferq(t, ['doctor', ...args], { ...options, env: { ...env, ...options.env } });
}

test('doctor finds nothing broken where all is well, and exits with 0', async (t) => {
  const broker = await healthyBroker(t);
  const { code, stdout, stderr } = await doctor(t, { broker });
  t.is(code, 0, stdout + stderr);
  t.regex(stdout, /✓ Node v\d/);
  t.regex(stdout, /✓ \d+ dependencies installed/);
  t.regex(stdout, /✓ Port \d+ is used by inferq/);
  t.regex(stdout, /✓ The broker is ready: redis: ok, durability: fsync/);
  t.regex(stdout, /✓ The token is accepted \(from INFERQ_TOKEN\)/);
  t.regex(stdout, /✓ m@1 is served$/m);
  t.notRegex(stdout, /✗/);
  t.is(stderr, '');
});

test('doctor asks the Redis of REDIS_URL, and says what is wrong with it', async (t) => {
  const broker = await healthyBroker(t);
  const redis = await startTemporaryRedis();
  t.teardown(() => redis.stop());
  const sound = await doctor(t, { broker, env: { REDIS_URL: redis.url } });
  t.regex(sound.stdout, /✓ The Redis that REDIS_URL names answers\n/);
  const absent = await doctor(t, { broker });
  t.is(absent.code, 0, 'a broker elsewhere has its own');
  t.regex(
    absent.stdout,
    /! The Redis that REDIS_URL names .* → Cannot reach Redis at .*127\.0\.0\.1:1: .*ECONNREFUSED/,
  );
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => silent.close());
  const address = silent.address();
  const url = `redis://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const mute = await doctor(t, { broker, env: { REDIS_URL: url } });
  t.regex(mute.stdout, /! The Redis that REDIS_URL names .* → Cannot reach Redis at .*no answer/);
  const wrong = await doctor(t, { broker, env: { REDIS_URL: 'http://x' } });
  t.regex(wrong.stdout, /! REDIS_URL must begin with redis:/);
});

test('doctor shows no password of REDIS_URL', async (t) => {
  const { stdout } = await doctor(t, { broker: await healthyBroker(t) });
  t.regex(stdout, /REDIS_URL/);
  t.notRegex(stdout, /hunter22/);
});

test('doctor says how to start a broker where none answers, and exits with 1', async (t) => {
  const { code, stdout, stderr } = await doctor(t, { env: { INFERQ_URL: 'http://127.0.0.1:9' } });
  t.is(code, 1);
  t.regex(stdout, /✓ Port 9 is free|✗ Port 9/);
  t.regex(stdout, /✗ No broker answers.*→ Start one: npm start/);
  t.regex(stderr, /broken/);
});

test('doctor tells a port that another program has', async (t) => {
  const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const { code, stdout } = await doctor(t, { broker: { url } });
  t.is(code, 1);
  t.regex(stdout, /✗ Port \d+ is used by another program.*PORT=8081/);
});

test('doctor tells a web server that is no broker', async (t) => {
  const broker = await startFakeBroker(t);
  const { code, stdout } = await doctor(t, { broker });
  t.is(code, 1);
  t.regex(stdout, /✗ http:\S+ is not an inferq broker/);
});

test('doctor says what is not ready', async (t) => {
  const broker = await healthyBroker(t);
  broker.on('GET /readyz', json(503, { ready: false, checks: { redis: 'no answer within 500 ms' } }));
  const { code, stdout } = await doctor(t, { broker });
  t.is(code, 1);
  t.regex(stdout, /✗ The broker is not ready \(503\): redis: no answer within 500 ms/);
});

test('doctor warns of what the broker could not take over', async (t) => {
  const broker = await healthyBroker(t);
  const warnings = ['The last change of the model files is not in force: models.yaml: is empty'];
  broker.on('GET /readyz', json(200, { ready: true, checks: { models: '1 served' }, warnings }));
  const { code, stdout } = await doctor(t, { broker });
  t.is(code, 0);
  t.regex(stdout, /! The last change of the model files is not in force: .* → .*config check/);
});

test('doctor says that the token is not accepted and where it came from', async (t) => {
  const broker = await healthyBroker(t);
  broker.on('GET /models', problem(401, 'unauthenticated', 'Unknown token'));
  const { code, stdout } = await doctor(t, { broker });
  t.is(code, 1);
  t.regex(stdout, /✗ The token from INFERQ_TOKEN is not accepted: Unknown token/);
});

test('doctor says that there is no token', async (t) => {
  const broker = await healthyBroker(t);
  broker.on('GET /models', problem(401, 'unauthenticated', 'No credential'));
  const { code, stdout } = await doctor(t, { env: { INFERQ_URL: broker.url } });
  t.is(code, 1);
  t.regex(stdout, /✗ There is no token/);
});

test('doctor takes a token that may not see the models for a warning', async (t) => {
  const broker = await healthyBroker(t);
  broker.on('GET /models', problem(403, 'forbidden', 'models:read is needed'));
  const { code, stdout } = await doctor(t, { broker });
  t.is(code, 0);
  t.regex(stdout, /! The token is accepted, but/);
});

test('doctor calls a model broken that has no healthy endpoint, and one with some a warning', async (t) => {
  const broker = await healthyBroker(t);
  const down = { name: 'down', version: '1', endpoints: [endpoint('http://a/x', false)] };
  const half = {
    name: 'half',
    version: '1',
    endpoints: [endpoint('http://b/x', false), endpoint('http://c/x')],
  };
  const up = { name: 'up', version: '1', endpoints: [endpoint('http://d/x', true)] };
  broker.on('GET /models', json(200, { data: [down, half, up], next: null }));
  const { code, stdout } = await doctor(t, { broker });
  t.is(code, 1);
  t.regex(stdout, /✗ down@1: http:\/\/a\/x is out of order → .*curl http:\/\/a\/x/);
  t.regex(stdout, /! half@1: http:\/\/b\/x is out of order/);
  t.regex(stdout, /✓ up@1 is served, its endpoints are healthy/);
});

const overview = (backlog: number, workers: unknown[] | null, owed = 0) => {
  const line = { name: 'm', version: '1', backlog, running: 0, state: 'unknown', activity: { rate: 0 } };
  return json(200, { models: [line], workers, webhooks: { owed, overdue: 0 }, redis: null });
};

test('doctor says that no worker runs: broken where jobs wait for one, else a warning', async (t) => {
  const broker = await healthyBroker(t);
  const deliverer = { name: 'w', roles: ['webhooks'] };
  broker.on('GET /overview', overview(1, [deliverer]), overview(0, []), overview(1, null));
  const stuck = await doctor(t, { broker });
  t.is(stuck.code, 1);
  t.regex(stuck.stdout, /✗ No worker runs the models: 1 job waits → .*npm run worker/);
  const idle = await doctor(t, { broker });
  t.is(idle.code, 0);
  t.regex(idle.stdout, /! No worker runs the models → /);
  t.notRegex((await doctor(t, { broker })).stdout, /worker/, 'who is no admin is told of none');
});

test('doctor says that no worker delivers webhooks: broken where some are owed, else a warning', async (t) => {
  const broker = await healthyBroker(t);
  broker.on('GET /overview', overview(0, [worker('w')], 3), overview(0, [worker('w')]));
  const stuck = await doctor(t, { broker });
  t.is(stuck.code, 1);
  t.regex(stuck.stdout, /✗ No worker delivers webhooks: 3 are owed → .*INFERQ_WORKER_ROLES/);
  const idle = await doctor(t, { broker });
  t.is(idle.code, 0);
  t.regex(idle.stdout, /! No worker delivers webhooks → /);
});

test('doctor counts the workers that run models and that deliver webhooks', async (t) => {
  const broker = await healthyBroker(t);
  broker.on('GET /overview', overview(5, [{ name: 'w', roles: ['models', 'webhooks'] }]));
  const { code, stdout } = await doctor(t, { broker });
  t.is(code, 0);
  t.regex(stdout, /✓ 1 worker runs the models\n/);
  t.regex(stdout, /✓ 1 worker delivers webhooks\n/);
});

const worker = (name: string, ...warnings: string[]) => ({ name, roles: ['models'], warnings });

test('doctor says what the workers cannot use, where the broker itself does not', async (t) => {
  const broker = await healthyBroker(t);
  const secret = 'm@1 at /endpoints: the variable INFERQ_SECRET_X is not set in the environment';
  const stale = 'The last change of the model files is not in force: models.yaml: is empty';
  broker.on('GET /readyz', json(200, { ready: true, checks: {}, warnings: [stale] }));
  broker.on(
    'GET /overview',
    overview(0, [worker('w1', secret, stale), worker('w2', secret, stale)]),
    overview(0, [worker('w1', secret), worker('w2')]),
  );
  const all = await doctor(t, { broker });
  t.is(all.code, 1);
  t.regex(
    all.stdout,
    /✗ No worker can use it: m@1 .*INFERQ_SECRET_X is not set.* → .*environment of the workers/,
  );
  t.is(all.stdout.split('is empty').length, 2, 'what the broker says itself is said once');
  const one = await doctor(t, { broker });
  t.is(one.code, 0);
  t.regex(one.stdout, /! w1 cannot use it: m@1 .*INFERQ_SECRET_X/);
});

test('doctor calls healthy only what is known to be well', async (t) => {
  const broker = await healthyBroker(t);
  const error = 'The model endpoint http://a/x failed. The connection was refused.';
  const failing = { name: 'failing', endpoints: [{ ...endpoint('http://a/x', true), failing: true, error }] };
  const idle = { name: 'idle', endpoints: [endpoint('http://b/x'), endpoint('http://c/x', true)] };
  const hidden = { name: 'hidden', endpoints: [{ state: 'open' }] };
  broker.on('GET /models', json(200, { data: [failing, idle, hidden], next: null }));
  const { code, stdout } = await doctor(t, { broker });
  t.is(code, 1);
  t.regex(
    stdout,
    /✗ failing: http:\/\/a\/x is failing: The model endpoint .*was refused\. → .*curl http:\/\/a\/x/,
  );
  t.regex(stdout, /✓ idle is served; its endpoints: 1\/2 healthy, 1 not called of late\n/);
  t.regex(stdout, /✗ hidden: an endpoint is out of order → Ask an admin\n/);
});

test('doctor --json prints the findings for a program', async (t) => {
  const { stdout } = await doctor(t, { broker: await healthyBroker(t) }, ['--json']);
  const report: unknown = JSON.parse(stdout);
  t.like(report, { ok: true, findings: [{ level: 'ok' }] });
});

test('a Node that is too old is broken, one that is just new enough is not', (t) => {
  t.is(checkNode('v22.19.0', '22.20').level, 'broken');
  t.is(checkNode('v20.20.2', '22.20').level, 'broken');
  t.is(checkNode('v22.20.0', '22.20').level, 'ok');
  t.is(checkNode('v26.1.0', '22.20').level, 'ok');
});

function find(name: string): string | null {
  return name === 'absent' ? null : '1.0.0';
}

test('dependencies that are missing or of another version are broken', (t) => {
  t.is(checkDependencies({ there: '1.0.0' }, find).level, 'ok');
  t.regex(checkDependencies({ there: '1.0.0', absent: '1.0.0' }, find).text, /absent is missing/);
  t.regex(
    checkDependencies({ there: '2.0.0', absent: '1.0.0' }, find).text,
    /there is 1\.0\.0 instead of 2\.0\.0 and 1 more/,
  );
});
