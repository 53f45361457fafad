import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { json, problem, startFakeBroker, type FakeBroker, type Reply } from './fake-broker.ts';
import { emptyFolder, runInferq } from './inferq-process.ts';

const SECRET = 'ifq_a-secret-that-must-not-be-seen';

async function listingBroker(
  t: ExecutionContext,
  reply = json(200, { data: [], next: null }),
): Promise<FakeBroker> {
  const broker = await startFakeBroker(t);
  broker.on('GET /jobs', reply);
  return broker;
}

/** A folder below one in which npm start has left this. */
async function folderUnder(t: ExecutionContext, state: unknown): Promise<string> {
  const clone = await emptyFolder(t);
  await mkdir(join(clone, '.inferq'));
  await writeFile(
    join(clone, '.inferq', 'dev.json'),
    typeof state === 'string' ? state : JSON.stringify(state),
  );
  const below = join(clone, 'a', 'b');
  await mkdir(below, { recursive: true });
  return below;
}

/** A port on which nothing listens, though something did a moment ago. */
async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

test('a broker of npm start is found from a folder below its clone', async (t) => {
  const broker = await listingBroker(t);
  const cwd = await folderUnder(t, { url: broker.url, token: 'ifq_dev', pid: 1 });
  const { code, stderr } = await runInferq(t, ['jobs', 'ls'], { cwd });
  t.is(code, 0, stderr);
  t.is(broker.seen[0]?.headers.authorization, 'Bearer ifq_dev');
});

test('the token of npm start goes to no other broker', async (t) => {
  const [broker, other] = [await listingBroker(t), await listingBroker(t)];
  const cwd = await folderUnder(t, { url: broker.url, token: 'ifq_dev', pid: 1 });
  await runInferq(t, ['jobs', 'ls', '--url', other.url], { cwd });
  t.is(other.seen.length, 1);
  t.is(other.seen[0]?.headers.authorization, undefined);
});

test('a file of npm start that names another machine is passed over', async (t) => {
  const broker = await listingBroker(t);
  // Reaches the fake all the same, but is no loopback address.
  const url = broker.url.replace('127.0.0.1', '0.0.0.0');
  const cwd = await folderUnder(t, { url, token: 'ifq_dev', pid: 1 });
  await runInferq(t, ['jobs', 'ls'], { cwd, env: { INFERQ_TOKEN: 'ifq_mine' } });
  t.is(broker.seen.length, 0);
});

test('a file of npm start that was cut off is passed over', async (t) => {
  const broker = await listingBroker(t);
  const cwd = await folderUnder(t, '{"url": "http');
  const { code, stderr } = await runInferq(t, ['jobs', 'ls'], { cwd, broker });
  t.is(code, 0, stderr);
});

test('a flag wins over the environment, and that over npm start', async (t) => {
  const [flag, environment, dev] = [await listingBroker(t), await listingBroker(t), await listingBroker(t)];
  const cwd = await folderUnder(t, { url: dev.url, token: 'ifq_dev', pid: 1 });
  const env = { INFERQ_URL: environment.url, INFERQ_TOKEN: 'ifq_environment' };
  await runInferq(t, ['jobs', 'ls', '--url', flag.url, '--token', 'ifq_flag'], { cwd, env });
  await runInferq(t, ['jobs', 'ls'], { cwd, env });
  t.is(flag.seen[0]?.headers.authorization, 'Bearer ifq_flag');
  t.is(environment.seen[0]?.headers.authorization, 'Bearer ifq_environment');
  t.is(dev.seen.length, 0);
});

test('an empty variable counts as none', async (t) => {
  const broker = await listingBroker(t);
  const cwd = await folderUnder(t, { url: broker.url, token: 'ifq_dev', pid: 1 });
  const { code, stderr } = await runInferq(t, ['jobs', 'ls'], {
    cwd,
    env: { INFERQ_URL: '', INFERQ_TOKEN: '' },
  });
  t.is(code, 0, stderr);
});

test('a broker below a path is found, with or without a slash at the end', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /inferq/jobs', json(200, { data: [], next: null }));
  const { code, stderr } = await runInferq(t, ['jobs', 'ls', '--url', `${broker.url}/inferq/`]);
  t.is(code, 0, stderr);
});

for (const url of ['localhost:8080', 'ftp://localhost', 'nonsense', 'http://me:hunter22@localhost:1']) {
  test(`the URL ${url} is refused with exit 2`, async (t) => {
    const { code, stderr } = await runInferq(t, ['jobs', 'ls', '--url', url]);
    t.is(code, 2);
    t.regex(stderr, /--url (is not|holds)/);
    t.notRegex(stderr, /hunter22/);
  });
}

test('a port on which nothing listens exits with 3 after a few tries, and says what to do', async (t) => {
  const url = await deadUrl();
  const { code, stdout, stderr } = await runInferq(t, ['jobs', 'ls', '--url', url]);
  t.is(code, 3);
  t.is(stdout, '');
  t.is(stderr.match(/trying again/g)?.length, 3);
  t.true(stderr.includes(`${url}: nothing listens there`), stderr);
  t.regex(stderr, /npm start/);
});

test('--json leaves stderr to the problem object alone, whatever is tried before', async (t) => {
  const url = await deadUrl();
  const { code, stderr } = await runInferq(t, ['jobs', 'ls', '--json', '--verbose', '--url', url]);
  t.is(code, 3);
  t.like(JSON.parse(stderr), { type: 'urn:inferq:cli:unreachable' });
});

test('a host that does not exist exits with 3', async (t) => {
  const { code, stderr } = await runInferq(t, ['jobs', 'ls', '--url', 'http://inferq.invalid']);
  t.is(code, 3);
  t.regex(stderr, /host name is not known|name server does not answer/);
});

test('a server that does not speak HTTP exits with 3 and says nothing of JavaScript', async (t) => {
  const server = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  const { code, stderr } = await runInferq(t, ['jobs', 'ls', '--url', url]);
  t.is(code, 3);
  t.regex(stderr, /cannot be reached/);
  t.notRegex(stderr, /TypeError|fetch failed|\n {4}at /);
});

test('https to a port without TLS exits with 3 and says so in words', async (t) => {
  const broker = await listingBroker(t);
  const { code, stderr } = await runInferq(t, ['jobs', 'ls', '--url', broker.url.replace('http', 'https')]);
  t.is(code, 3);
  t.regex(stderr, /what listens there does not speak TLS; is it http:\/\/\?/);
  t.notRegex(stderr, /openssl|routines/i);
});

for (const [command, cure] of [
  ['tenants get nobody', /npx inferq tenants ls/],
  ['tokens revoke tok_x', /npx inferq tokens ls TENANT/],
  ['webhooks replay msg_job_1_1', /npx inferq webhooks ls/],
  ['jobs get job_1', /npx inferq jobs ls/],
  ['jobs ls', /Check --url or INFERQ_URL/],
] as const) {
  test(`${command}, where nothing is found, says where to look`, async (t) => {
    const broker = await startFakeBroker(t);
    const { code, stderr } = await runInferq(t, command.split(' '), { broker });
    t.is(code, 1);
    const advice = stderr.split('\n').filter((line) => line.includes('→'));
    t.is(advice.length, 1, stderr);
    t.regex(advice[0] ?? '', cure);
  });
}

for (const command of [
  'tokens create acme --name ci --expires tomorrow',
  'tenants set acme --rate 0/60',
  'tenants set acme --rate 5/0',
]) {
  test(`${command} is refused before it is sent, with an example of what it takes`, async (t) => {
    const broker = await startFakeBroker(t);
    const { code, stderr } = await runInferq(t, command.split(' '), { broker });
    t.is(code, 2);
    t.regex(stderr, /such as (2027-01-31T12:00:00Z|100\/60)/);
    t.is(broker.seen.length, 0);
  });
}

const html: Reply = (response) => void response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>');
const badGateway: Reply = (response) => void response.writeHead(502).end('<html>Bad Gateway');
const moved: Reply = (response) => void response.writeHead(301, { Location: 'https://example.org/' }).end();
const foreign: [what: string, reply: Reply, says: RegExp][] = [
  ['a web page', html, /something other than JSON/],
  ['JSON that is no list', json(200, {}), /not a job/],
  ['a redirect', moved, /redirects to https:\/\/example\.org\//],
  ['an error without a problem', json(418, 'teapot'), /answers 418 without saying why/],
];

for (const [what, reply, says] of foreign) {
  test(`an answer that is ${what} exits with 3 and says that it is no broker`, async (t) => {
    const broker = await listingBroker(t, reply);
    const { code, stderr } = await runInferq(t, ['jobs', 'ls'], { broker });
    t.is(code, 3);
    t.regex(stderr, /not an inferq broker/);
    t.regex(stderr, says);
  });
}

test('a proxy whose broker restarts is asked again', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on('GET /jobs', badGateway, json(200, { data: [], next: null }));
  const { code, stderr } = await runInferq(t, ['jobs', 'ls'], { broker });
  t.is(code, 0, stderr);
});

test('a token that is not accepted says where to get one', async (t) => {
  const broker = await listingBroker(t, problem(401, 'unauthenticated', 'Unknown token'));
  const { code, stderr } = await runInferq(t, ['jobs', 'ls'], { broker });
  t.is(code, 1);
  t.regex(stderr, /INFERQ_TOKEN or --token/);
});

test('the token is in no error, not even when the broker says it', async (t) => {
  const token = 'a-secret-that-is-no-ifq-token';
  const broker = await listingBroker(t, problem(401, 'unauthenticated', `Unknown token ${token}`));
  for (const args of [['--verbose'], ['--json'], ['--token', token]]) {
    const env = { INFERQ_URL: broker.url, ...(args.includes('--token') ? {} : { INFERQ_TOKEN: token }) };
    const { stdout, stderr } = await runInferq(t, ['jobs', 'ls', ...args], { env });
    t.regex(stderr, /Unknown token/);
    t.notRegex(stdout + stderr, /a-secret-that/);
  }
});

test('a token in a mistyped option is not repeated', async (t) => {
  const { code, stderr } = await runInferq(t, ['jobs', 'ls', `--tokn=${SECRET}`]);
  t.is(code, 2);
  t.regex(stderr, /unknown option/);
  t.notRegex(stderr, /a-secret-that/);
});

test('a token with a line break in it is refused without being shown', async (t) => {
  const broker = await listingBroker(t);
  const { code, stderr } = await runInferq(t, [
    'jobs',
    'ls',
    '--url',
    broker.url,
    '--token',
    `${SECRET}\nX: y`,
  ]);
  t.is(code, 2);
  t.notRegex(stderr, /a-secret-that/);
  t.is(broker.seen.length, 0);
});

test('--verbose shows each request on stderr', async (t) => {
  const broker = await listingBroker(t, json(200, { data: [], next: null }, { 'X-Request-Id': 'req-7' }));
  const { stdout, stderr } = await runInferq(t, ['jobs', 'ls', '--verbose'], { broker });
  t.is(stdout, '');
  t.regex(stderr, /GET \/jobs\?limit=20 200 \d+ ms req-7/);
});
