import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { jsonModel, startTestBroker, TOKEN, type TestBroker } from '../support/broker.ts';
import { claimsOf, encode, forge, hmac, issue, newKey } from './forge.ts';
import { startIssuer } from './issuer.ts';
import { present } from './shared-broker.ts';

const CANARY = 'canary-7f3a91d2';
const HS256 = { alg: 'HS256' };

test('no secret, token or part of one gets into the log, whatever becomes of it', async (t) => {
  const JWT_SECRET = `${CANARY}-secret-of-more-than-32-bytes`;
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', 'http://127.0.0.1:9')],
    env: { JWT_SECRET, LOG_LEVEL: 'trace' },
  });
  const sign = (claims: object, header = HS256) => forge(header, claimsOf({ ...claims }), hmac(JWT_SECRET));
  const credentials = [
    TOKEN,
    `ifq_${CANARY}`,
    sign({}),
    sign({ scope: CANARY }),
    sign({ exp: 1, sub: CANARY }),
    sign({ tenant: CANARY.toUpperCase() }),
    sign({ exp: undefined }),
    sign({}, { alg: CANARY }),
    forge(HS256, claimsOf({ sub: CANARY }), hmac('wrong')),
    `${encode({ alg: 'none', kid: CANARY })}.${encode(claimsOf())}.`,
    `${CANARY}.${CANARY}.${CANARY}`,
    CANARY.repeat(1000),
  ];
  for (const credential of credentials) await present(broker, credential);
  await broker.request('/jobs', { headers: { authorization: `Bearer ${CANARY} ${CANARY}` } });
  await broker.request('/jobs', { headers: { authorization: `Basic ${CANARY}` } });
  const json = { model: 'm', input: 1 };
  await broker.request('/jobs', {
    method: 'POST',
    json,
    headers: { authorization: `Bearer ${credentials[2]}`, prefer: 'wait=5' },
  });

  const log = await readLogs(broker, /"route":"\/jobs","status":20[02]\b/);
  t.regex(log, /"status":401.*"msg":"request\.answered"/);
  t.notRegex(log, new RegExp(CANARY, 'i'));
  for (const credential of credentials) {
    for (const part of credential.split('.').filter((text) => text.length > 10))
      t.false(log.includes(part), `the log holds ${part}`);
  }
});

test('a JWKS that cannot be had is logged, without what its address holds or it answers', async (t) => {
  const issuer = await startIssuer();
  t.teardown(issuer.stop);
  issuer.behave((response) => response.end(`<html>${CANARY}</html>`));
  const broker = await startTestBroker(t, {
    models: [jsonModel('m', 'http://127.0.0.1:9')],
    workers: 0,
    env: { JWKS_URI: `${issuer.uri}?key=${CANARY}`, LOG_LEVEL: 'trace' },
  });
  t.is((await present(broker, issue(newKey('ES256', CANARY), claimsOf()))).status, 503);
  t.deepEqual(issuer.requests, [`/jwks.json?key=${CANARY}`]);
  const log = await readLogs(broker, /"status":503.*"msg":"request\.answered"/);
  t.regex(log, /"level":40.*The JWKS is not JSON.*"msg":"jwks\.failed"/);
  t.notRegex(log, new RegExp(CANARY));
});

/** All that API and worker have logged, up to a line that comes last: it is written soon after the answer. */
async function readLogs({ modelFile }: TestBroker, last: RegExp): Promise<string> {
  const folder = path.dirname(modelFile);
  const files = (await readdir(folder)).filter((name) => name.endsWith('.log'));
  for (let at = 0; at < 100; at++) {
    const log = (await Promise.all(files.map((name) => readFile(path.join(folder, name), 'utf8')))).join(
      '\n',
    );
    if (last.test(log)) return log;
    await sleep(50);
  }
  throw new Error(`No line of the log fits ${last.source}`);
}
