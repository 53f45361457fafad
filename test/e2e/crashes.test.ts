import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { jsonModel, startTestBroker, TOKEN } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';

test('an API that is killed while it takes a job leaves exactly one to the client that repeats its key', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  for (let round = 0; round < 4; round++) {
    const api = await broker.startApi();
    const post = (url: string) =>
      fetch(`${url}/jobs`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${TOKEN}`,
          'content-type': 'application/json',
          'idempotency-key': `round-${round}`,
        },
        body: JSON.stringify({
          model: 'm',
          input: round,
          cache: 'bypass',
          metadata: { round: String(round) },
        }),
      });
    await fetch(`${api.url}/healthz`);
    const first = post(api.url).catch(() => undefined);
    await sleep(randomInt(30));
    api.kill();
    await first;
    const repeated = Object(await (await post(broker.url)).json());
    t.like(await broker.job(String(repeated.id), '?wait=30'), { status: 'succeeded' }, `round ${round}`);
    const { body } = await broker.request(`/jobs?metadata.round=${round}`);
    t.is(Object(body).data.length, 1, `round ${round}`);
  }
  t.is(model.calls.length, 4);
});

test('a worker that stands still for two lock times changes nothing when it comes back', async (t) => {
  const model = await startScriptedModel(async (_call, response, count) => {
    if (count === 1) await sleep(3500);
    answer(response, `answer to call ${count}`);
  });
  t.teardown(model.stop);
  const hooks: string[] = [];
  const receiver = createServer((request, response) => {
    hooks.push(String(request.headers['webhook-id']));
    response.writeHead(204).end();
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  t.teardown(() => receiver.close());
  const address = receiver.address();
  const webhook = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;

  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url)],
    env: { INFERQ_LOCK_TIME: '1' },
  });
  const { id } = await broker.submit({ model: 'm', input: 1, webhook });
  while (model.calls.length === 0) await sleep(20);
  const pid = broker.workers[0]?.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  t.teardown(() => process.kill(pid, 'SIGCONT'));
  await broker.startWorker();
  const job = await broker.job(id, '?wait=30');
  t.like(job, { status: 'succeeded', output: 'answer to call 2', metrics: { attempts: 2 } });
  await sleep(2000);
  process.kill(pid, 'SIGCONT');
  await sleep(2000);
  t.deepEqual(await broker.job(id), job, 'the late answer changed the job');
  t.true(hooks.length >= 1);
  t.is(new Set(hooks).size, 1);
  t.is((await broker.run({ model: 'm', input: 2 })).status, 'succeeded');
});

test('scripts that Redis forgets under load are given again: every 202 ends, none is false', async (t) => {
  const model = await startScriptedModel();
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url, { concurrency: 50 })] });
  const redis = connect(broker.redisUrl, PATIENT);
  const enough = new AbortController();
  t.teardown(() => enough.abort());
  const flushes = (async () => {
    while (!enough.signal.aborted) {
      await redis.script('FLUSH').catch(() => enough.abort());
      await sleep(20);
    }
  })();
  const accepted: string[] = [];
  for (let at = 0; at < 300; at += 20) {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, more) =>
        broker.request('/jobs', { method: 'POST', json: { model: 'm', input: at + more } }),
      ),
    );
    for (const { status, body } of answers) {
      t.true(status === 202 || status === 503, String(status));
      if (status === 202) accepted.push(String(Object(body).id));
    }
  }
  enough.abort();
  await flushes;
  await redis.quit();
  const ended = await Promise.all(accepted.map((id) => broker.job(id, '?wait=30')));
  t.true(accepted.length > 250, `${accepted.length} of 300 were accepted`);
  t.true(ended.every(({ status }) => status === 'succeeded'));
});

test('a role that is told to stop while Redis does not answer is gone soon all the same', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')] });
  process.kill(broker.redis.pid, 'SIGSTOP');
  t.teardown(() => process.kill(broker.redis.pid, 'SIGCONT'));
  const [worker] = broker.workers;
  const started = performance.now();
  await worker?.stop(30_000);
  t.true(performance.now() - started < 12_000, `${performance.now() - started} ms`);
});

test('a client that waits when Redis stops answering is told that its job is accepted, not to try again', async (t) => {
  const model = await startScriptedModel(() => undefined);
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const headers = { prefer: 'wait=20' };
  const answered = broker.request('/jobs', { method: 'POST', json: { model: 'm', input: 1 }, headers });
  while (model.calls.length === 0) await sleep(20);
  process.kill(broker.redis.pid, 'SIGSTOP');
  t.teardown(() => process.kill(broker.redis.pid, 'SIGCONT'));
  const { status, body, headers: given } = await answered;
  t.is(status, 202);
  t.is(given.get('location'), `/jobs/${String(Object(body).id)}`);
  process.kill(broker.redis.pid, 'SIGCONT');
});
