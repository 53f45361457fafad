import test from 'ava';
import { createAddressGuard } from '../../shared/webhooks/address-guard.ts';

const guard = createAddressGuard({ allow: [] });

const NOT_PUBLIC = 'The webhook URL must lead to a public address.';
const NOT_A_URL = 'The webhook URL is not a valid URL.';
const NOT_HTTPS = 'The webhook URL must use https.';
const HTTP_NOT_LISTED =
  'The webhook URL must use https: plain http is only for hosts that the operator lists.';
const CREDENTIALS = 'The webhook URL must not contain a user name or a password.';

const refusals: Record<string, [url: string, refusal: string][]> = {
  'loopback in every notation': [
    ['https://127.0.0.1/', NOT_PUBLIC],
    ['https://127.0.0.1./', NOT_PUBLIC],
    ['https://127.255.255.254/', NOT_PUBLIC],
    ['https://2130706433/', NOT_PUBLIC],
    ['https://0x7f000001/', NOT_PUBLIC],
    ['https://0X7F.0.0.1/', NOT_PUBLIC],
    ['https://017700000001/', NOT_PUBLIC],
    ['https://0177.0.0.1/', NOT_PUBLIC],
    ['https://127.1/', NOT_PUBLIC],
    ['https://127.0.1/', NOT_PUBLIC],
    ['https://%31%32%37.0.0.1/', NOT_PUBLIC],
    ['https://１２７。０。０。１/', NOT_PUBLIC],
    ['https:127.1', NOT_PUBLIC],
    ['https:\\\\127.0.0.1\\', NOT_PUBLIC],
    ['https://[::1]/', NOT_PUBLIC],
    ['https://[0:0:0:0:0:0:0:1]:8443/', NOT_PUBLIC],
  ],
  'localhost by name': [
    ['https://localhost/', NOT_PUBLIC],
    ['https://LOCALHOST:8443/', NOT_PUBLIC],
    ['https://localhost./', NOT_PUBLIC],
    ['https://api.localhost/', NOT_PUBLIC],
    ['https://api.localhost./', NOT_PUBLIC],
    ['https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/', NOT_PUBLIC],
  ],
  'private and special IPv4': [
    ['https://0/', NOT_PUBLIC],
    ['https://0.0.0.0/', NOT_PUBLIC],
    ['https://0.1.2.3/', NOT_PUBLIC],
    ['https://10.0.0.1/', NOT_PUBLIC],
    ['https://100.64.0.1/', NOT_PUBLIC],
    ['https://100.100.100.200/', NOT_PUBLIC],
    ['https://169.254.169.254/latest/meta-data/', NOT_PUBLIC],
    ['https://0xa9fea9fe/', NOT_PUBLIC],
    ['https://172.16.0.1/', NOT_PUBLIC],
    ['https://172.31.255.255/', NOT_PUBLIC],
    ['https://192.168.1.1/', NOT_PUBLIC],
    ['https://192.0.0.192/', NOT_PUBLIC],
    ['https://192.0.2.1/', NOT_PUBLIC],
    ['https://192.88.99.1/', NOT_PUBLIC],
    ['https://198.18.0.1/', NOT_PUBLIC],
    ['https://198.51.100.1/', NOT_PUBLIC],
    ['https://203.0.113.1/', NOT_PUBLIC],
    ['https://224.0.0.1/', NOT_PUBLIC],
    ['https://240.0.0.1/', NOT_PUBLIC],
    ['https://255.255.255.255/', NOT_PUBLIC],
    ['https://168.63.129.16/', NOT_PUBLIC],
  ],
  'private and special IPv6': [
    ['https://[::]/', NOT_PUBLIC],
    ['https://[fe80::1]/', NOT_PUBLIC],
    ['https://[fec0::1]/', NOT_PUBLIC],
    ['https://[fc00::1]/', NOT_PUBLIC],
    ['https://[fd00:ec2::254]/', NOT_PUBLIC],
    ['https://[ff02::1]/', NOT_PUBLIC],
    ['https://[100::1]/', NOT_PUBLIC],
    ['https://[2001:db8::1]/', NOT_PUBLIC],
    ['https://[3fff::1]/', NOT_PUBLIC],
    ['https://[4000::1]/', NOT_PUBLIC],
  ],
  'IPv4 inside IPv6': [
    ['https://[::ffff:127.0.0.1]/', NOT_PUBLIC],
    ['https://[::ffff:7f00:1]/', NOT_PUBLIC],
    ['https://[0:0:0:0:0:FFFF:a9fe:a9fe]/', NOT_PUBLIC],
    ['https://[::127.0.0.1]/', NOT_PUBLIC],
    ['https://[::ffff:0:127.0.0.1]/', NOT_PUBLIC],
    ['https://[64:ff9b::127.0.0.1]/', NOT_PUBLIC],
    ['https://[64:ff9b::a9fe:a9fe]/', NOT_PUBLIC],
    ['https://[64:ff9b:1::10.0.0.1]/', NOT_PUBLIC],
    ['https://[2002:7f00:1::]/', NOT_PUBLIC],
    ['https://[2002:808:808::]/', NOT_PUBLIC],
    ['https://[2001:0:7f00:1::1]/', NOT_PUBLIC],
  ],
  'what is no URL': [
    ['', NOT_A_URL],
    ['hooks.example.org', NOT_A_URL],
    ['/hook', NOT_A_URL],
    ['https://', NOT_A_URL],
    ['https://256.1.1.1/', NOT_A_URL],
    ['https://[::1%25eth0]/', NOT_A_URL],
    [' https://hooks.example.org/', NOT_A_URL],
    ['https://hooks.exam\nple.org/', NOT_A_URL],
    ['https://hooks.example.org/\r\nX-Admin: 1', NOT_A_URL],
    ['https://hooks.example.org/\u0000', NOT_A_URL],
    ['https://hooks.example.org:99999/', NOT_A_URL],
  ],
  'another scheme': [
    ['http://hooks.example.org/', HTTP_NOT_LISTED],
    ['http://127.0.0.1/', HTTP_NOT_LISTED],
    ['ftp://hooks.example.org/', NOT_HTTPS],
    ['file:///etc/passwd', NOT_HTTPS],
    ['gopher://hooks.example.org/', NOT_HTTPS],
    ['javascript:alert(1)', NOT_HTTPS],
    ['wss://hooks.example.org/', NOT_HTTPS],
  ],
  credentials: [
    ['https://user@hooks.example.org/', CREDENTIALS],
    ['https://user:secret@hooks.example.org/', CREDENTIALS],
    ['https://:secret@hooks.example.org/', CREDENTIALS],
    ['https://hooks.example.org:443@127.0.0.1/', CREDENTIALS],
  ],
};

for (const [kind, cases] of Object.entries(refusals)) {
  for (const [url, refusal] of cases) {
    test(`refuses ${kind}: ${JSON.stringify(url)}`, (t) => {
      t.is(guard.checkUrl(url), refusal);
    });
  }
}

const publicUrls = [
  'https://hooks.example.org/hook?order=42',
  'https://hooks.example.org:8443/',
  'https://hooks.example.org./',
  'https://bücher.example/',
  'https://localhost.example.org/',
  'https://notlocalhost/',
  'https://8.8.8.8/',
  'https://134744072/',
  'https://100.63.255.255/',
  'https://172.15.0.1/',
  'https://172.32.0.1/',
  'https://[2606:4700::1111]/',
  'https://[::ffff:8.8.8.8]/',
  'https://[64:ff9b::8.8.8.8]/',
];
for (const url of publicUrls) {
  test(`takes a public URL: ${url}`, (t) => {
    t.is(guard.checkUrl(url), undefined);
  });
}

const connections: [address: string, hostname: string, allowed: boolean][] = [
  ['8.8.8.8', 'hooks.example.org', true],
  ['2606:4700::1111', 'hooks.example.org', true],
  ['64:ff9b::808:808', 'hooks.example.org', true],
  ['127.0.0.1', 'hooks.example.org', false],
  ['::1', 'hooks.example.org', false],
  ['::ffff:10.0.0.1', 'hooks.example.org', false],
  ['64:ff9b::a00:1', 'hooks.example.org', false],
  ['fe80::1%eth0', 'hooks.example.org', false],
  ['169.254.169.254', '169.254.169.254', false],
  ['0x7f.1', 'hooks.example.org', false],
  ['hooks.example.org', 'hooks.example.org', false],
  ['', 'hooks.example.org', false],
];
for (const [address, hostname, allowed] of connections) {
  test(`${allowed ? 'allows' : 'refuses'} a connection to "${address}" for ${hostname}`, (t) => {
    t.is(guard.allowsAddress(address, hostname), allowed);
  });
}
