import { randomUUID } from 'node:crypto';
import test from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createWebhookSecrets } from '../../shared/redis/webhook-secrets.ts';

const redis = await startTemporaryRedis();
const connection = connect(redis.url, PATIENT);
test.after.always(async () => {
  await connection.quit();
  await redis.stop();
});
const secrets = createWebhookSecrets(connection);

test('a tenant has one secret of its own, made once however many ask at the same time', async (t) => {
  const tenant = randomUUID();
  const asked = await Promise.all(Array.from({ length: 20 }, () => secrets.list(tenant)));
  t.is(new Set(asked.flat()).size, 1);
  t.regex(asked[0]?.[0] ?? '', /^whsec_[\w+/=]{44}$/);
  t.not((await secrets.list(randomUUID()))[0], asked[0]?.[0]);
});

test('after a rotation the new one signs first, the one before for a day more, and then no longer', async (t) => {
  const tenant = randomUUID();
  const [first = ''] = await secrets.list(tenant);
  const second = await secrets.rotate(tenant);
  t.deepEqual(await secrets.list(tenant), [second, first]);
  const key = `inferq:webhook-secrets:${tenant}`;
  const left = Number(await connection.zscore(key, first)) - Date.now();
  t.true(left > 86_000_000 && left <= 86_400_500, `${left} ms`);
  // A day later.
  await connection.zadd(key, 'XX', Date.now() - 1000, first);
  t.deepEqual(await secrets.list(tenant), [second]);
});

test('of rotations at the same time each answers a secret that signs', async (t) => {
  const tenant = randomUUID();
  const [first = ''] = await secrets.list(tenant);
  const made = await Promise.all(Array.from({ length: 5 }, () => secrets.rotate(tenant)));
  const inForce = await secrets.list(tenant);
  t.deepEqual(inForce.toSorted(), [first, ...made].toSorted());
});

test('who rotates without end does not make signatures without end', async (t) => {
  const tenant = randomUUID();
  for (let at = 0; at < 30; at++) await secrets.rotate(tenant);
  t.is((await secrets.list(tenant)).length, 10);
});
