import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { newSecret, sign } from '../../shared/webhooks/signing.ts';
import { startQuietReceiver, startReceiver, unusedPort } from '../webhooks/receiver.ts';
import { json, problem, startFakeBroker, type FakeBroker } from './fake-broker.ts';
import { emptyFolder, runInferq, type Ended, type RunOptions } from './inferq-process.ts';

const SECRET = newSecret();
const BODY = '{"type":"job.succeeded","timestamp":"…","data":{"id":"job_1","status":"succeeded"}}';
const ID = 'msg_job_1abc_3';

async function brokerWithSecret(t: ExecutionContext): Promise<FakeBroker> {
  const broker = await startFakeBroker(t);
  broker.on('GET /webhooks/secret', json(200, { secret: SECRET }));
  return broker;
}

function signed(body: string, secret = SECRET, sentAt = Date.now()): Record<string, string> {
  return { ...sign({ id: ID, body, sentAt, secrets: [secret] }), 'content-type': 'application/json' };
}

/** Runs `webhooks listen` while `act` posts to it, then presses Ctrl-C. */
async function listen(
  t: ExecutionContext,
  args: string[],
  options: RunOptions,
  act: (url: string) => Promise<void>,
): Promise<Ended & { acted: boolean }> {
  let acted = false;
  const ended = await runInferq(t, ['webhooks', 'listen', '--port', '0', ...args], {
    ...options,
    meanwhile: (child) => {
      let said = '';
      const look = (chunk: Buffer): void => {
        said += chunk.toString();
        const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
        if (url === undefined) return;
        child.stdout?.off('data', look);
        void act(url)
          .then(() => (acted = true))
          .finally(() => child.kill('SIGINT'));
      };
      child.stdout?.on('data', look);
    },
  });
  return { ...ended, acted };
}

test('webhooks listen prints the secret, takes what is genuine and nothing else, until Ctrl-C', async (t) => {
  const broker = await brokerWithSecret(t);
  const statuses: number[] = [];
  const { code, stdout, acted } = await listen(t, [], { broker }, async (url) => {
    const send = async (headers: Record<string, string>): Promise<void> => {
      statuses.push((await fetch(url, { method: 'POST', body: BODY, headers })).status);
    };
    await send(signed(BODY));
    await send(signed(BODY, newSecret()));
    await send(signed(BODY, SECRET, Date.now() - 600_000));
    await send({});
  });
  t.true(acted);
  t.is(code, 0);
  t.deepEqual(statuses, [204, 401, 401, 401]);
  const [secret, listening, ...lines] = stdout.trim().split('\n');
  t.is(secret, `secret ${SECRET}`);
  t.regex(listening ?? '', /^listening http:\/\/127\.0\.0\.1:\d+\/$/);
  t.regex(lines[0] ?? '', /^✓ [\d:]{8} job\.succeeded job_1 succeeded msg_job_1abc_3 · answered 204$/);
  t.regex(lines[1] ?? '', /^✗ .* not genuine: No matching signature found$/);
  t.regex(lines[2] ?? '', /not genuine: Message timestamp too old/);
  t.regex(lines[3] ?? '', /not genuine: Missing required headers/);
});

test('webhooks listen --forward-to hands on what is genuine, as it came, and answers what came back', async (t) => {
  const broker = await brokerWithSecret(t);
  const app = await startReceiver(t, (response) => response.writeHead(418).end());
  let status = 0;
  const headers = { ...signed(BODY), traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  const { stdout } = await listen(t, ['--forward-to', app.url], { broker }, async (url) => {
    ({ status } = await fetch(url, { method: 'POST', body: BODY, headers }));
    await fetch(url, { method: 'POST', body: BODY });
  });
  t.is(status, 418);
  t.is(app.received.length, 1);
  t.is(app.received[0]?.body, BODY);
  t.like(app.received[0]?.headers, headers);
  t.regex(stdout, /forwarded: 418/);
});

test('webhooks listen --forward-to nobody answers 502, so that the broker tries again', async (t) => {
  const broker = await brokerWithSecret(t);
  let status = 0;
  const args = ['--forward-to', `http://127.0.0.1:${await unusedPort()}/`];
  const { stdout } = await listen(t, args, { broker }, async (url) => {
    ({ status } = await fetch(url, { method: 'POST', body: BODY, headers: signed(BODY) }));
  });
  t.is(status, 502);
  t.regex(stdout, /not forwarded: .*ECONNREFUSED/);
});

test('webhooks listen --json prints a line of JSON for each', async (t) => {
  const broker = await brokerWithSecret(t);
  const { stdout } = await listen(t, ['--json'], { broker }, async (url) => {
    await fetch(url, { method: 'POST', body: BODY, headers: signed(BODY) });
  });
  const [first = '', second = ''] = stdout.trim().split('\n');
  t.like(JSON.parse(first), { secret: SECRET });
  t.like(JSON.parse(second), { id: ID, type: 'job.succeeded', verified: true, answered: 204 });
});

test('webhooks listen on a port that is taken says so with exit 2', async (t) => {
  const broker = await brokerWithSecret(t);
  const other = await startQuietReceiver(t);
  const { code, stderr } = await runInferq(t, ['webhooks', 'listen', '--port', String(other.port)], {
    broker,
  });
  t.is(code, 2);
  t.regex(stderr, /EADDRINUSE/);
});

test('webhooks ls prints a table, and asks for what it was told', async (t) => {
  const broker = await startFakeBroker(t);
  const attempt = {
    id: ID,
    event: 'job.failed',
    url: 'https://a.example/',
    attempt: 1,
    outcome: 'failed',
    next_at: null,
  };
  const delivery = {
    id: ID,
    job: 'job_1abc',
    event: 'job.failed',
    url: 'https://a.example/',
    status: 'failed',
    created_at: new Date(Date.now() - 65_000).toISOString(),
    next_at: null,
    attempts: [{ ...attempt, at: '', status: 410, duration_ms: 12 }],
  };
  broker.on('GET /webhooks/deliveries', json(200, { data: [delivery], next: null }));
  const { code, stdout, stderr } = await runInferq(
    t,
    ['webhooks', 'ls', '--status', 'failed', '--since', '2026-01-31T08:00:00Z', '-n', '5'],
    { broker },
  );
  t.is(code, 0, stderr);
  t.deepEqual(stdout.split('\n'), [
    'ID              EVENT       STATUS  AGE  TRIES  LAST          NEXT  URL',
    'msg_job_1abc_3  job.failed  failed  1 m  1      410 in 12 ms  –     https://a.example/',
    '',
  ]);
  t.is(broker.seen[0]?.url, '/webhooks/deliveries?limit=5&status=failed&since=2026-01-31T08%3A00%3A00.000Z');
});

test('webhooks replay sends one again, or all that failed since a time', async (t) => {
  const broker = await startFakeBroker(t);
  broker.on(`POST /jobs/job_1abc/deliveries/${ID}/redeliver`, json(202, {}));
  broker.on('POST /webhooks/redeliver', json(202, { count: 7, more: false }));
  t.is((await runInferq(t, ['webhooks', 'replay', ID], { broker })).stdout, `${ID} will be sent again\n`);
  t.is(
    (await runInferq(t, ['webhooks', 'replay', '--since', '2h'], { broker })).stdout,
    '7 will be sent again\n',
  );
  const { since } = JSON.parse(broker.seen[1]?.body ?? '');
  const age = Date.now() - Date.parse(since);
  t.true(age >= 7_200_000 && age < 7_300_000);
  for (const args of [[], [ID, '--since', '2h'], ['job_1'], ['../jobs'], ['--since', 'soon']])
    t.is((await runInferq(t, ['webhooks', 'replay', ...args], { broker })).code, 2, args.join(' '));
});

test('webhooks test tells what the receiver said, with exit 1 where it did not take it', async (t) => {
  const broker = await startFakeBroker(t);
  const attempt = {
    id: 'msg_test_1',
    event: 'webhook.test',
    url: 'https://a.example/',
    attempt: 1,
    duration_ms: 31,
  };
  broker.on(
    'POST /webhooks/test',
    json(200, { ...attempt, outcome: 'delivered', status: 204 }),
    json(200, { ...attempt, outcome: 'failed', status: 500, error: 'The receiver answered 500: oh' }),
    problem(400, 'invalid_request', 'The webhook URL must use https.'),
  );
  const run = () => runInferq(t, ['webhooks', 'test', 'https://a.example/'], { broker });
  t.like(await run(), { code: 0, stdout: '✓ 204 in 31 ms\n' });
  t.deepEqual(JSON.parse(broker.seen[0]?.body ?? ''), { url: 'https://a.example/' });
  const failed = await run();
  t.is(failed.code, 1);
  t.regex(failed.stderr, /not taken \(500 in 31 ms\)\n {2}The receiver answered 500: oh/);
  t.regex((await run()).stderr, /must use https/);
});

test('webhooks verify judges a message that was kept, whatever its age', async (t) => {
  const broker = await brokerWithSecret(t);
  const file = join(await emptyFolder(t), 'body.json');
  await writeFile(file, BODY);
  const verify = (headers: Record<string, string>, ...more: string[]) => {
    const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
    return runInferq(t, ['webhooks', 'verify', file, ...lines, ...more], { broker });
  };
  const fresh = await verify(signed(BODY));
  t.is(fresh.code, 0, fresh.stderr);
  t.regex(fresh.stdout, /^✓ genuine, signed \d+ s ago\n$/);
  t.regex(
    (await verify(signed(BODY, SECRET, Date.now() - 3_600_000))).stdout,
    /genuine.*a receiver refuses it/,
  );
  const forged = await verify(signed(`${BODY} `));
  t.is(forged.code, 1);
  t.regex(forged.stderr, /not genuine/);
  t.regex((await verify({})).stderr, /It lacks webhook-id and webhook-timestamp and webhook-signature/);
  const other = newSecret();
  t.is((await verify(signed(BODY, other), '--secret', other)).code, 0);
});

test('webhooks secret prints it, and makes a new one when it is told to', async (t) => {
  const broker = await brokerWithSecret(t);
  broker.on('POST /webhooks/secret/rotate', json(200, { secret: 'whsec_bmV3' }));
  t.is((await runInferq(t, ['webhooks', 'secret'], { broker })).stdout, `${SECRET}\n`);
  t.is((await runInferq(t, ['webhooks', 'secret', '--rotate'], { broker })).stdout, 'whsec_bmV3\n');
});
