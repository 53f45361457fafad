import { inspect } from 'node:util';
import test from 'ava';
import { readApiConfig, type Environment, type JwtConfig } from '../../shared/config.ts';
import { jsonModel, startTestBroker } from '../support/broker.ts';

const SECRET = 'x'.repeat(32);
const read = (env: Environment): JwtConfig | undefined =>
  readApiConfig({ REDIS_URL: 'redis://127.0.0.1', ...env }).jwt;

test('without a secret and a JWKS JWTs are off; an empty variable is one that is not set', (t) => {
  t.is(read({}), undefined);
  t.is(
    read({ JWT_SECRET: '', JWKS_URI: '', JWT_ISSUER: '', JWT_AUDIENCE: '', JWT_TENANT_CLAIM: '' }),
    undefined,
  );
});

test('a secret of 32 bytes is taken, and does not show where the configuration is printed', (t) => {
  const jwt = read({ JWT_SECRET: SECRET, JWT_ISSUER: 'me', JWT_AUDIENCE: 'us' });
  t.like(jwt, { issuer: 'me', audience: 'us', tenantClaim: 'tenant' });
  t.notRegex(inspect(jwt, { depth: 9, showHidden: true }) + JSON.stringify(jwt), new RegExp(SECRET));
  t.truthy(read({ JWT_SECRET: 'ü'.repeat(16) }));
});

test('a JWKS is taken by https, or by http from this machine', (t) => {
  for (const uri of [
    'https://issuer.example/jwks.json?tenant=1',
    'http://127.0.0.1:8000/',
    'http://127.1/',
    'http://[::1]:8000/',
    'http://localhost/jwks',
  ])
    t.like(read({ JWKS_URI: uri }), { keys: { jwksUri: new URL(uri) } }, uri);
});

const faults: Record<string, [Environment, RegExp]> = {
  'a secret of 31 bytes': [
    { JWT_SECRET: 'x'.repeat(31) },
    /^JWT_SECRET has 31 bytes: it needs at least 32\./,
  ],
  'a PEM key as the secret': [
    { JWT_SECRET: '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA' },
    /^JWT_SECRET holds a PEM key, which others may know\./,
  ],
  both: [
    { JWT_SECRET: SECRET, JWKS_URI: 'https://issuer.example/' },
    /^JWT_SECRET and JWKS_URI are both set: choose one\.$/,
  ],
  'both, and neither can be used': [
    { JWT_SECRET: 'short', JWKS_URI: 'http://issuer.example/' },
    /^JWT_SECRET and JWKS_URI are both set: choose one\.\nJWT_SECRET has 5 bytes: .*\nJWKS_URI must begin with https/,
  ],
  'http to elsewhere': [{ JWKS_URI: 'http://issuer.example/' }, /^JWKS_URI must begin with https/],
  'http to a name that looks local': [{ JWKS_URI: 'http://127.0.0.1.evil.example/' }, /^JWKS_URI must begin/],
  'http to a private address': [{ JWKS_URI: 'http://10.0.0.1/' }, /^JWKS_URI must begin/],
  'another protocol': [{ JWKS_URI: 'file:///etc/jwks.json' }, /^JWKS_URI must begin/],
  'no URL': [{ JWKS_URI: 'issuer.example' }, /^JWKS_URI is not a URL\.$/],
  'a password in the URL': [
    { JWKS_URI: 'https://me:hunter2@issuer.example/' },
    /^JWKS_URI must not hold a user name or a password\.$/,
  ],
  'an issuer without keys': [
    { JWT_ISSUER: 'me' },
    /^JWT_ISSUER is set, but neither JWT_SECRET nor JWKS_URI is/,
  ],
  'an audience without keys': [{ JWT_AUDIENCE: 'us' }, /^JWT_AUDIENCE is set, but neither/],
  'a tenant claim that no header could name': [
    { JWT_SECRET: SECRET, JWT_TENANT_CLAIM: 'a"b' },
    /^JWT_TENANT_CLAIM must be printable ASCII/,
  ],
};

for (const [name, [env, message]] of Object.entries(faults)) {
  test(`refused at start: ${name}`, (t) => {
    const error = t.throws(() => read(env));
    t.regex(error?.message ?? '', message);
    t.notRegex(error?.message ?? '', /hunter2|MIIB/);
  });
}

test('all faults are told at once', (t) => {
  const error = t.throws(() => readApiConfig({ JWT_SECRET: 'short', JWT_TENANT_CLAIM: ' ', PORT: 'x' }));
  t.is(error?.message.split('\n').length, 4);
});

test('an API with a weak secret does not start, and says why without saying the secret', async (t) => {
  const start = startTestBroker(t, {
    models: [jsonModel('m', 'http://127.0.0.1:9')],
    workers: 0,
    env: { JWT_SECRET: 'hunter2' },
  });
  const error = await t.throwsAsync(start);
  t.regex(error?.message ?? '', /JWT_SECRET has 7 bytes: it needs at least 32/);
  t.notRegex(error?.message ?? '', /hunter2/);
});
