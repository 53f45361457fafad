import type { DeliveryRecord } from '../../../shared/webhooks/delivery-record.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { until } from '../../support/until.ts';
import { startReceiver } from '../../webhooks/receiver.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

const WITHIN_MS = 60_000;

export const killedSenders: Row = {
  row: 15,
  injected: 'webhook worker killed mid-POST, 50 times',
  bar: 'at least once each, same id',
  deadline: 900,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const rounds = chaos.size(50);
  const model = await startModel(chaos);
  const held = new Set<string>();
  const receiver = await startReceiver(chaos, (response, { body }) => {
    const id = jobOf(body);
    // The first time it has the message and has not said so yet.
    if (held.has(id)) response.writeHead(204).end();
    else held.add(id);
  });
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url)],
    env: { INFERQ_WORKER_ROLES: 'models', INFERQ_LOCK_TIME: '2', LOG_LEVEL: 'warn' },
  });
  const only = { INFERQ_WORKER_ROLES: 'webhooks' };
  let sender = await broker.startWorker(only);
  let delivered = 0;
  let renamed = 0;
  let mislogged = 0;
  for (let round = 0; round < rounds; round++) {
    chaos.tell(`round ${round + 1} of ${rounds}`);
    const { id } = await broker.submit({ model: 'm', input: round, webhook: receiver.url, cache: 'bypass' });
    await until(() => held.has(id), WITHIN_MS);
    sender.kill();
    sender = await broker.startWorker(only);
    const log = await logOnceDelivered(broker, id);
    const got = receiver.received.filter(({ body }) => jobOf(body) === id);
    if (got.length > 1) delivered += 1;
    if (new Set(got.map(({ headers }) => headers['webhook-id'])).size > 1) renamed += 1;
    if (log.map(({ attempt, outcome }) => `${attempt} ${outcome}`).join() !== '1 lost,2 delivered')
      mislogged += 1;
  }
  return finding(
    delivered === rounds && renamed === 0 && mislogged === 0,
    `${rounds} kills: ${delivered} delivered by another, ${renamed} under another id; the log of attempts is wrong for ${mislogged}`,
  );
}

function jobOf(body: string): string {
  return String(JSON.parse(body).data.id);
}

async function logOnceDelivered(broker: TestBroker, id: string): Promise<DeliveryRecord[]> {
  let log: DeliveryRecord[] = [];
  await until(async () => {
    log = Object((await broker.request(`/jobs/${id}/deliveries`)).body).data ?? [];
    return log.at(-1)?.outcome === 'delivered';
  }, WITHIN_MS).catch(() => undefined);
  return log;
}
