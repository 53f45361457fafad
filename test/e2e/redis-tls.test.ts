import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import { freePort } from '../../cli/local/ports.ts';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { makeFolder } from '../local/fixtures/folder.ts';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { createAuthority } from '../support/certificates.ts';
import { startModel } from '../support/many-jobs.ts';

test('over TLS, with a private authority and a password that must be encoded, a broker does its work', async (t) => {
  const folder = await makeFolder(t);
  const authority = createAuthority('a private authority');
  const own = authority.sign('redis');
  const file = async (name: string, text: string): Promise<string> => {
    const place = path.join(folder, name);
    await writeFile(place, text);
    return place;
  };
  const ca = await file('ca.pem', authority.cert);
  const port = await freePort();
  const password = 'p/a:s@s wörd';
  const redis = await startTemporaryRedis({
    password,
    settings: {
      'tls-port': String(port),
      'tls-cert-file': await file('redis.pem', own.cert),
      'tls-key-file': await file('redis.key', own.key),
      'tls-ca-cert-file': ca,
      'tls-auth-clients': 'no',
    },
  });
  t.teardown(redis.stop);
  const model = await startModel(t);
  const REDIS_URL = `rediss://:${encodeURIComponent(password)}@127.0.0.1:${port}`;
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', model.url)],
    redis,
    env: { REDIS_URL, NODE_EXTRA_CA_CERTS: ca },
  });
  t.is((await broker.run({ model: 'm', input: 1 })).status, 'succeeded');
  const distrusted = await t.throwsAsync(broker.startApi({ NODE_EXTRA_CA_CERTS: '' }));
  t.regex(distrusted?.message ?? '', /Cannot reach Redis at rediss:\/\/127\.0\.0\.1:\d+: .*certificate/);
});
