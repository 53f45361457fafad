import test from 'ava';
import { createReadiness } from '../../shared/observe/readiness.ts';
import { connect, FAIL_FAST } from '../../shared/redis/connection.ts';
import { explainTrouble, isRedisTrouble } from '../../shared/redis/trouble.ts';

// As Redis 7 and ioredis 6 say it.
for (const message of [
  "READONLY You can't write against a read only replica. script: 0c7a, on @user_script:1.",
  'UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)',
  'CLUSTERDOWN The cluster is down',
  'MOVED 3999 127.0.0.1:6381',
  'LOADING Redis is loading the dataset in memory',
  'Connection is closed.',
  'Command timed out',
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
  'Too many Cluster redirections. Last error: ReplyError: MOVED 3999 127.0.0.1:6381',
  'Cluster is disconnecting.',
  'Node is disconnected',
  "Socket timeout. Expecting data, but didn't receive any in 15000ms.",
])
  test(`“${message}” is an outage, which clients are asked to wait for`, (t) => {
    t.true(isRedisTrouble(new Error(message)));
  });

test('what is wrong with our commands is none', (t) => {
  for (const message of ['ERR unknown command', 'WRONGTYPE Operation against a key', 'NOPERM no permissions'])
    t.false(isRedisTrouble(new Error(message)), message);
  t.false(isRedisTrouble('Connection is closed.'));
});

test('with Redis stopped /readyz says what to see to, and nothing of the streams of its client', async (t) => {
  const redis = connect('redis://127.0.0.1:9', FAIL_FAST);
  t.teardown(() => redis.disconnect());
  redis.on('error', () => undefined);
  const readiness = createReadiness({ redis: async () => `answers ${await redis.ping()}` }, () => []);
  const { ready, checks } = await readiness.report();
  t.false(ready);
  t.is(checks['redis'], 'Redis does not answer: see that it runs, and that REDIS_URL leads to it.');
});

test('what Redis says itself, and what is no outage, is told as it is', (t) => {
  for (const message of [
    'LOADING Redis is loading the dataset in memory',
    'shutting down',
    'NOPERM no permissions',
  ])
    t.is(explainTrouble(new Error(message)), message);
});
