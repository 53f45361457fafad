import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { buildConnector } from 'undici';
import { createAddressGuard } from '../../shared/webhooks/address-guard.ts';
import type { Connector } from '../../workers/webhooks/connection.ts';
import { createWebhookSender, type WebhookSender } from '../../workers/webhooks/delivery.ts';
import { startReceiver } from './receiver.ts';

// The connection is replaced: what would have been connected to is written down, and no socket is opened.

const message = { id: 'msg_1', body: '{}', secrets: ['whsec_c2VjcmV0'] };
const METADATA = '169.254.169.254';

interface Attack {
  name: string;
  url: string;
  /** What the name resolves to, at the first time and at the second. */
  answers?: [string[], string[]?];
}

function literal(name: string, host: string): Attack {
  return { name, url: `https://${host}/latest/meta-data/` };
}

function resolving(name: string, ...answers: [string[], string[]?]): Attack {
  return { name, url: 'https://hooks.example.org/', answers };
}

const attacks: Attack[] = [
  literal('link-local address', METADATA),
  literal('decimal notation', '2852039166'),
  literal('hexadecimal notation', '0xa9fea9fe'),
  literal('hexadecimal parts', '0xa9.0xfe.0xa9.0xfe'),
  literal('octal notation', '025177524776'),
  literal('octal parts', '0251.0376.0251.0376'),
  literal('mixed notation', '0251.254.0xa9fe'),
  literal('two parts', '169.16689662'),
  literal('percent encoding', '%31%36%39.254.169.254'),
  literal('full-width digits', '１６９.254.169.254'),
  literal('ideographic dots', '169。254。169。254'),
  literal('a dot at the end', `${METADATA}.`),
  literal('IPv4-mapped IPv6', `[::ffff:${METADATA}]`),
  literal('IPv4-mapped IPv6 in hexadecimal', '[::ffff:a9fe:a9fe]'),
  literal('IPv4-compatible IPv6', `[::${METADATA}]`),
  literal('NAT64', `[64:ff9b::${METADATA}]`),
  literal('6to4', '[2002:a9fe:a9fe::]'),
  literal('IPv6 link-local', '[fe80::1]'),
  literal('unique local IPv6', '[fd00:ec2::254]'),
  literal('IPv6 loopback', '[::1]'),
  literal('the unspecified address', '0.0.0.0'),
  literal('zero', '0'),
  literal('private 10/8', '10.0.0.1'),
  literal('private 172.16/12', '172.16.0.1'),
  literal('private 192.168/16', '192.168.0.1'),
  literal('carrier-grade NAT', '100.64.0.1'),
  literal('localhost', 'localhost'),
  literal('localhost with a dot', 'localhost.'),
  literal('a name under localhost', 'metadata.localhost.'),
  { name: 'a user name that looks like the host', url: `https://hooks.example.org@${METADATA}/` },
  { name: 'plain http', url: 'http://hooks.example.org/' },
  { name: 'the port of SSH', url: 'https://hooks.example.org:22/' },
  { name: 'the port of SMTP', url: 'https://hooks.example.org:25/' },
  { name: 'the port of Redis', url: 'https://hooks.example.org:6379/' },
  resolving('a name for a link-local address', [METADATA]),
  resolving('a name for loopback', ['127.0.0.1']),
  resolving('a name for IPv4-mapped loopback', ['::ffff:127.0.0.1']),
  resolving('a public address first, a private one second', ['93.184.215.14', '10.0.0.1']),
  resolving('a private address first, a public one second', ['10.0.0.1', '93.184.215.14']),
  resolving('a public IPv4 and a private IPv6', ['93.184.215.14', 'fd00::1']),
  resolving('what is no address', ['0x7f.1']),
];

/** A sender whose connector resolves as Node would, writes down where it would go, and goes nowhere. */
function startSender(t: ExecutionContext, answers: Attack['answers'] = [[]]) {
  const connections: string[] = [];
  let lookups = 0;
  const lookup = async (): Promise<LookupAddress[]> => {
    lookups += 1;
    const found = (lookups === 1 ? answers[0] : (answers[1] ?? answers[0])) ?? [];
    return found.map((address) => ({ address, family: isIP(address) === 6 ? 6 : 4 }));
  };
  const connector: Connector = (options) => recordingConnect(lookupOf(options), connections);
  const sender: WebhookSender = createWebhookSender({
    guard: createAddressGuard({ allow: [] }),
    version: '1',
    lookup,
    connector,
    timeoutMs: 2000,
  });
  t.teardown(() => sender.close());
  return { sender, connections, lookups: () => lookups };
}

function lookupOf(options: Parameters<Connector>[0]): LookupFunction | undefined {
  return options && 'lookup' in options ? options.lookup : undefined;
}

function recordingConnect(
  lookup: LookupFunction | undefined,
  connections: string[],
): ReturnType<typeof buildConnector> {
  return ({ hostname }, callback) => {
    const refuse = (error: Error): void => callback(error, null);
    const note = (address: string): void => {
      connections.push(address);
      refuse(Object.assign(new Error('no socket is opened here'), { code: 'ECONNREFUSED' }));
    };
    if (isIP(hostname) !== 0) return note(hostname);
    lookup?.(hostname, { all: true }, (error, found) => {
      if (error) return refuse(error);
      for (const { address } of Array.isArray(found) ? found : []) note(address);
    });
  };
}

for (const { name, url, answers } of attacks) {
  test(`refused without a connection: ${name}`, async (t) => {
    const { sender, connections } = startSender(t, answers);
    const attempt = await sender.send({ ...message, url });
    t.is(attempt.outcome, 'refused', attempt.error);
    t.deepEqual(connections, []);
  });
}

test('a public name does lead to a connection, so the recorder records', async (t) => {
  const { sender, connections } = startSender(t, [['93.184.215.14']]);
  t.is((await sender.send({ ...message, url: 'https://hooks.example.org/' })).outcome, 'failed');
  t.deepEqual(connections, ['93.184.215.14']);
});

test('rebinding: the second answer is private, and the connection goes to the first that was checked', async (t) => {
  const { sender, connections, lookups } = startSender(t, [['93.184.215.14'], [METADATA]]);
  const url = 'https://hooks.example.org/';
  await sender.send({ ...message, url });
  t.deepEqual([connections, lookups()], [['93.184.215.14'], 1]);
  t.is((await sender.send({ ...message, url })).outcome, 'refused');
  t.deepEqual(connections, ['93.184.215.14']);
});

for (const target of [
  `http://${METADATA}/latest/`,
  'http://localhost./',
  'http://[::ffff:10.0.0.1]/',
  'file:///etc/passwd',
]) {
  test(`a redirect is not followed: to ${target}`, async (t) => {
    const receiver = await startReceiver(t, (response) =>
      response.writeHead(307, { location: target }).end(),
    );
    const sender = createWebhookSender({ guard: createAddressGuard({ allow: ['127.0.0.1'] }), version: '1' });
    t.teardown(() => sender.close());
    const attempt = await sender.send({ ...message, url: receiver.url });
    t.like(attempt, { outcome: 'failed', status: 307 });
    t.is(receiver.received.length, 1);
  });
}
