import test from 'ava';
import { createAddressGuard } from '../../shared/webhooks/address-guard.ts';

const listed: [entry: string, url: string][] = [
  ['10.0.0.0/8', 'http://10.1.2.3/'],
  ['10.0.0.0/8', 'http://[::ffff:10.1.2.3]/'],
  ['::ffff:10.0.0.0/104', 'http://10.1.2.3/'],
  ['10.1.2.3', 'http://0xa010203/'],
  ['::ffff:10.1.2.3', 'https://10.1.2.3/'],
  ['fd00::/8', 'http://[fd12::1]:9000/'],
  ['::1', 'http://[::1]/'],
  ['0.0.0.0/0', 'http://127.0.0.1/'],
  ['receiver.internal', 'http://receiver.internal/'],
  ['Receiver.Internal.', 'http://receiver.internal./'],
  ['receiver', 'http://RECEIVER:9000/'],
  ['localhost', 'http://localhost:9000/'],
  ['127.0.0.0/8', 'http://localhost:9000/'],
  ['::1', 'https://api.localhost/'],
];
for (const [entry, url] of listed) {
  test(`with ${entry} listed, ${url} is taken`, (t) => {
    t.is(createAddressGuard({ allow: [entry] }).checkUrl(url), undefined);
  });
}

const unlisted: [entry: string, url: string][] = [
  ['10.0.0.0/8', 'https://11.0.0.1@10.0.0.1/'],
  ['10.0.0.0/8', 'https://192.168.0.1/'],
  ['10.0.0.0/8', 'http://8.8.8.8/'],
  ['10.0.0.0/8', 'https://[64:ff9b::10.0.0.1]/'],
  ['10.0.0.0/8', 'http://hooks.example.org/'],
  ['10.0.0.0/8', 'https://localhost/'],
  ['127.0.0.1', 'https://127.0.0.2/'],
  ['localhost', 'https://127.0.0.1/'],
  ['localhost', 'https://api.localhost/'],
  ['receiver.internal', 'http://other.receiver.internal/'],
  ['receiver.internal', 'http://receiver.internal.example.org/'],
];
for (const [entry, url] of unlisted) {
  test(`with ${entry} listed, ${url} is refused all the same`, (t) => {
    t.not(createAddressGuard({ allow: [entry] }).checkUrl(url), undefined);
  });
}

const connections: [entry: string, address: string, hostname: string, allowed: boolean][] = [
  ['receiver.internal', '10.0.0.1', 'receiver.internal', true],
  ['receiver.internal', '10.0.0.1', 'Receiver.Internal.', true],
  ['receiver.internal', '10.0.0.1', 'hooks.example.org', false],
  ['10.0.0.0/8', '10.0.0.1', 'hooks.example.org', true],
  ['10.0.0.0/8', '::ffff:a00:1', 'hooks.example.org', true],
  ['10.0.0.0/8', '11.0.0.1', 'hooks.example.org', true],
  ['10.0.0.0/8', '192.168.0.1', 'hooks.example.org', false],
  ['10.0.0.0/8', 'fd00::1', 'hooks.example.org', false],
  ['fd00::/8', 'fd00::1', 'hooks.example.org', true],
  ['127.0.0.1', '::1', 'localhost', true],
  ['127.0.0.1', '::1', 'hooks.example.org', false],
  ['127.0.0.1', '10.0.0.1', 'localhost', false],
  ['10.0.0.0/8', '127.0.0.1', 'localhost', false],
];
for (const [entry, address, hostname, allowed] of connections) {
  test(`with ${entry} listed, ${hostname} at ${address} is ${allowed ? 'allowed' : 'refused'}`, (t) => {
    t.is(createAddressGuard({ allow: [entry] }).allowsAddress(address, hostname), allowed);
  });
}

const unreadable = [
  '',
  ' ',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '10.0.0.0/',
  '10/8',
  '10.1',
  '0x7f.0.0.1',
  '300.1.2.3',
  'fd00::/129',
  '[::1]',
  'https://receiver.internal',
  'receiver.internal:9000',
  'receiver.internal/hook',
  'user@receiver.internal',
  '*.receiver.internal',
  'two names',
];
for (const entry of unreadable) {
  test(`an entry that cannot be read is named: ${JSON.stringify(entry)}`, (t) => {
    const error = t.throws(() => createAddressGuard({ allow: ['10.0.0.0/8', entry] }));
    t.true(error.message.endsWith(`: ${JSON.stringify(entry)}`), error.message);
  });
}

test('all entries that cannot be read are named at once', (t) => {
  t.throws(() => createAddressGuard({ allow: ['10/8', 'localhost', '[::1]'] }), {
    message: 'INFERQ_WEBHOOK_ALLOW: neither a CIDR nor an address nor a host name: "10/8", "[::1]"',
  });
});
