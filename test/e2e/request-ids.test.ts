import { readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { jsonModel, startTestBroker, type TestBroker } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';
import { startReceiver } from '../webhooks/receiver.ts';

test('what a worker logs of an attempt, and of a webhook, names the request that it is for', async (t) => {
  const model = await startScriptedModel((_call, response) => answer(response, 'no', 400));
  t.teardown(model.stop);
  const receiver = await startReceiver(t, (response) => response.writeHead(204).end());
  const broker = await startTestBroker(t, { models: [jsonModel('m', model.url)] });
  const job = { model: 'm', input: 1, webhook: receiver.url };
  const { id } = await broker.run(job, { 'x-request-id': 'my-request-0004' });
  await broker.request('/webhooks/test', {
    method: 'POST',
    json: { url: receiver.url },
    headers: { 'x-request-id': 'my-request-0005' },
  });
  await until(async () => (await linesOf(broker, 'webhook.attempted')).length === 2);
  for (const name of ['attempt.failed', 'attempt.ended', 'webhook.attempted'])
    t.like(
      (await linesOf(broker, name)).find(({ jobId }) => jobId === id),
      { requestId: 'my-request-0004' },
      name,
    );
  const tested = (await linesOf(broker, 'webhook.attempted')).find(({ jobId }) => jobId !== id);
  t.like(tested, { requestId: 'my-request-0005' });
});

async function linesOf({ modelFile }: TestBroker, name: string): Promise<Record<string, unknown>[]> {
  const log = await readFile(path.join(path.dirname(modelFile), 'worker-1.log'), 'utf8');
  return log
    .split('\n')
    .filter((line) => line.endsWith(`"msg":"${name}"}`))
    .map((line) => Object(JSON.parse(line)));
}
