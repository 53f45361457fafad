import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { makeClone, supervise, until, untilDead } from './fixtures/supervised.ts';
import type { Supervised } from './fixtures/supervised.ts';

// One after the other: each of them is six processes.
const READY = /^inferq ready (http:\/\/127\.0\.0\.1:\d+)$/m;

test.serial(
  'up says that it is ready, with a token and a curl to paste, and leaves both for other commands',
  async (t) => {
    const supervisor = supervise(t, await makeClone(t));
    const [, url = ''] = await supervisor.line(READY);
    await supervisor.line(/Ctrl-C stops it/);
    const { stdout } = supervisor.printed();
    const token = /ifq_[\w-]{43}/.exec(stdout)?.[0] ?? '';
    t.true(stdout.startsWith(`inferq ready ${url}\n`));
    t.true(stdout.includes(`curl -s -w '\\n' '${url}/jobs' -H 'Authorization: Bearer ${token}'`));
    t.true(stdout.includes(`${url}/docs`));
    const file = join(supervisor.root, '.inferq', 'dev.json');
    t.deepEqual(JSON.parse(await readFile(file, 'utf8')), { url, token, pid: supervisor.pid });
    t.is((await stat(file)).mode & 0o777, 0o600);
    t.is((await stat(join(supervisor.root, '.inferq'))).mode & 0o777, 0o700);
  },
);

test.serial('the roles get what the environment leaves open, and keep what it sets', async (t) => {
  const supervisor = supervise(t, await makeClone(t), { LOG_LEVEL: 'debug', METRICS_PORT: '0' });
  const [, url = ''] = await supervisor.line(READY);
  const env: Record<string, string> = JSON.parse(await (await fetch(url)).text());
  t.regex(env['REDIS_URL'] ?? '', /^redis:\/\/:[\w-]+@127\.0\.0\.1:\d+$/);
  t.regex(env['DEMO_MODELS_URL'] ?? '', /^http:\/\/127\.0\.0\.1:\d+$/);
  t.is(env['INFERQ_MODELS'], join(supervisor.root, 'examples', 'models', 'models.yaml'));
  t.is(env['INFERQ_WEBHOOK_ALLOW'], '127.0.0.0/8,::1/128,localhost');
  t.is(env['METRICS_PORT'], '0');
  t.is(env['LOG_LEVEL'], 'debug');
});

test.serial('the token is the one asked for, or that of the start before', async (t) => {
  const root = await makeClone(t);
  const first = supervise(t, root, { INFERQ_DEV_TOKEN: 'ifq_mine' });
  await first.line(/Bearer ifq_mine'/);
  first.signal('SIGTERM');
  t.is(await first.exited, 0);
  const second = supervise(t, root);
  await second.line(/Bearer ifq_mine'/);
  t.pass();
});

test.serial('a token that no header can carry is refused before anything starts', async (t) => {
  const supervisor = supervise(t, await makeClone(t), { INFERQ_DEV_TOKEN: "it's", INFERQ_MODELS: '' });
  t.is(await supervisor.exited, 1);
  t.regex(supervisor.printed().stderr, /^INFERQ_DEV_TOKEN is not a bearer token.*\n$/);
  t.deepEqual(await supervisor.events(), []);
});

test.serial(
  'such a token is told with all else that is wrong with the environment, each fault once',
  async (t) => {
    const supervisor = supervise(t, await makeClone(t), {
      INFERQ_DEV_TOKEN: 'a b',
      PORT: 'x',
      METRICS_PORT: 'y',
      INFERQ_LOCK_TIME: 'z',
      INFERQ_MODELS: '/nope',
      REDIS_URL: 'http://x',
      HOST: '192.0.2.1',
    });
    t.is(await supervisor.exited, 1);
    const lines = supervisor.printed().stderr.trimEnd().split('\n');
    for (const name of [
      /^INFERQ_DEV_TOKEN /,
      /^REDIS_URL /,
      /^METRICS_PORT /,
      /^PORT /,
      /^INFERQ_LOCK_TIME /,
      /^HOST /,
      /INFERQ_MODELS/,
    ])
      t.is(lines.filter((line) => name.test(line)).length, 1, String(name));
    t.is(lines.length, 7);
  },
);

test.serial(
  'Ctrl-C three times at once drains API and worker, then ends the models, then Redis',
  async (t) => {
    const supervisor = supervise(t, await makeClone(t));
    await supervisor.line(READY);
    const redis = await redisPid(supervisor);
    for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM'] as const) supervisor.signal(signal);
    t.is(await supervisor.exited, 0);
    const events = (await supervisor.events()).map((line) => line.replace(/ \d+$/, ''));
    t.true(events.indexOf('models SIGTERM') > events.indexOf('api end'));
    t.true(events.indexOf('models SIGTERM') > events.indexOf('worker end'));
    t.is(events.filter((event) => event === 'api SIGTERM').length, 1);
    await untilDead(redis);
    t.regex(supervisor.printed().stderr, /^Stopping; [^\n]*\n$/);
  },
);

test.serial('a terminal that is closed drains as Ctrl-C does', async (t) => {
  const supervisor = supervise(t, await makeClone(t));
  await supervisor.line(READY);
  supervisor.closeTerminal();
  t.is(await supervisor.exited, 0);
  t.true((await supervisor.events()).some((event) => event.startsWith('worker end')));
});

test.serial('a second Ctrl-C, more than a second later, ends what does not want to', async (t) => {
  const supervisor = supervise(t, await makeClone(t), { FAKE_WORKER: 'stubborn' });
  await supervisor.line(READY);
  supervisor.signal('SIGINT');
  await sleep(1200);
  supervisor.signal('SIGINT');
  t.is(await supervisor.exited, 130);
  t.deepEqual(await survivors(supervisor), []);
});

test.serial('Ctrl-C while it starts leaves nothing behind', async (t) => {
  const supervisor = supervise(t, await makeClone(t));
  await until(async () => (await supervisor.events()).length > 0);
  supervisor.signal('SIGINT');
  t.is(await supervisor.exited, 0);
  t.deepEqual(await survivors(supervisor), []);
});

test.serial(
  'a role that dies before it is ready has its own words printed, and everything stops',
  async (t) => {
    const supervisor = supervise(t, await makeClone(t), { FAKE_WORKER: 'die' });
    t.is(await supervisor.exited, 1);
    const { stdout, stderr } = supervisor.printed();
    t.is(stdout, '');
    t.regex(stderr, /^The worker has no models\nNothing works\n$/);
    t.deepEqual(await survivors(supervisor), []);
  },
);

test.serial('what two roles have to say is said at once, and the same only once', async (t) => {
  const supervisor = supervise(t, await makeClone(t), { FAKE_API: 'die', FAKE_WORKER: 'die' });
  t.is(await supervisor.exited, 1);
  const lines = supervisor.printed().stderr.split('\n');
  t.is(lines.filter((line) => line === 'The api has no models').length, 1);
  t.is(lines.filter((line) => line === 'The worker has no models').length, 1);
  t.is(lines.filter((line) => line === 'Nothing works').length, 1);
});

test.serial('a port that is taken is named', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.teardown(() => other.close());
  await once(other, 'listening');
  const address = other.address();
  const port = typeof address === 'object' && address ? String(address.port) : '';
  const supervisor = supervise(t, await makeClone(t), { PORT: port });
  t.is(await supervisor.exited, 1);
  t.true(supervisor.printed().stderr.startsWith(`PORT ${port} is taken\n`));
});

test.serial('models that end up elsewhere are known to the API by their new address', async (t) => {
  const supervisor = supervise(t, await makeClone(t), { FAKE_MODELS: 'late' });
  const [, url = ''] = await supervisor.line(READY);
  const env: Record<string, string> = JSON.parse(await (await fetch(url)).text());
  const models: Record<string, string> = JSON.parse(await (await fetch(env['DEMO_MODELS_URL'] ?? '')).text());
  t.is(models['PORT'], '0');
});

test.serial('a role that dies later comes back under its old address', async (t) => {
  const supervisor = supervise(t, await makeClone(t));
  const [, url = ''] = await supervisor.line(READY);
  const first = await rolePid(supervisor, 'api');
  process.kill(first, 'SIGKILL');
  await supervisor.line(/^The API died \(killed by SIGKILL\).*api\.log$/m);
  await until(async () => (await rolePid(supervisor, 'api')) !== first);
  t.is((await fetch(url)).status, 200);
});

test.serial('without its Redis it stops everything and says why', async (t) => {
  const supervisor = supervise(t, await makeClone(t));
  await supervisor.line(READY);
  process.kill(await redisPid(supervisor), 'SIGKILL');
  t.is(await supervisor.exited, 1);
  t.regex(supervisor.printed().stderr, /^Redis died \(killed by SIGKILL\)/m);
  t.deepEqual(await survivors(supervisor), []);
});

test.serial('a supervisor killed by SIGKILL leaves no process behind', async (t) => {
  const supervisor = supervise(t, await makeClone(t));
  await supervisor.line(READY);
  const redis = await redisPid(supervisor);
  supervisor.signal('SIGKILL');
  await until(async () => (await survivors(supervisor)).length === 0);
  await untilDead(redis);
  t.pass();
});

test.serial('a start after a SIGKILL takes over the data and the token at once', async (t) => {
  const root = await makeClone(t);
  const first = supervise(t, root);
  await first.line(READY);
  const redis = await redisPid(first);
  first.signal('SIGKILL');
  await first.exited;
  const second = supervise(t, root);
  await second.line(READY);
  await untilDead(redis);
  const token = /ifq_[\w-]{43}/;
  t.is(token.exec(second.printed().stdout)?.[0], token.exec(first.printed().stdout)?.[0]);
});

test.serial('a second start in the same clone says where the first one is', async (t) => {
  const root = await makeClone(t);
  const first = supervise(t, root);
  const [, url = ''] = await first.line(READY);
  await first.line(/Ctrl-C stops it/);
  const second = supervise(t, root);
  t.is(await second.exited, 1);
  t.is(
    second.printed().stderr,
    `inferq runs in this clone already: ${url} (stop it with Ctrl-C there, or: kill ${first.pid})\n`,
  );
});

async function redisPid({ root }: Supervised): Promise<number> {
  return Number(await readFile(join(root, '.inferq', 'redis', 'redis.pid'), 'utf8'));
}

async function rolePid(supervisor: Supervised, name: string): Promise<number> {
  const ready = (await supervisor.events()).findLast((line) => line.startsWith(`${name} ready`));
  return Number(ready?.split(' ').at(-1));
}

/** The roles that still run. */
async function survivors(supervisor: Supervised): Promise<string[]> {
  const ready = (await supervisor.events()).filter((line) => / ready \d+$/.test(line));
  return ready.filter((line) => {
    try {
      return process.kill(Number(line.split(' ').at(-1)), 0);
    } catch {
      return false;
    }
  });
}
