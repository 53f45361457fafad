import test from 'ava';
import { jsonModel } from '../support/broker.ts';
import { claimsOf, encode, forge, hmac, inSeconds } from './forge.ts';
import { present, shareBroker } from './shared-broker.ts';

const SECRET = 'a secret of the tests, 32 bytes or more';
const sharedBroker = shareBroker(async () => ({
  models: [jsonModel('m', 'http://127.0.0.1:9')],
  workers: 0,
  env: { JWT_SECRET: SECRET, JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'inferq' },
}));

const HS256 = { alg: 'HS256', typ: 'JWT' };
const token = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = HS256): string =>
  forge(header, claimsOf(claims), hmac(SECRET));
const claimsText = (more: string): string => JSON.stringify(claimsOf()).replace(/}$/, `,${more}}`);

const UNVERIFIABLE = 'The token cannot be verified.';

const accepted: Record<string, () => string> = {
  'a token of HS256': () => token(),
  'a token for several audiences, of which this is one': () => token({ aud: ['other', 'inferq'] }),
  'a token that expired within the leeway': () => token({ exp: inSeconds(-20) }),
  'a token that becomes valid within the leeway': () => token({ nbf: inSeconds(20), iat: inSeconds(20) }),
  'a token without iat and nbf': () => token({ iat: undefined }),
  'a token with scopes that nobody here knows': () => token({ scope: 'openid models:read other:thing' }),
  'a token that names a key, although there is but one': () => token({}, { ...HS256, kid: 'any' }),
};

for (const [name, make] of Object.entries(accepted)) {
  test(`accepted: ${name}`, async (t) => {
    t.is((await present(await sharedBroker(), make())).status, 200);
  });
}

const refused: Record<string, [make: () => string, detail: string]> = {
  'alg none, without a signature': [() => `${encode({ alg: 'none' })}.${encode(claimsOf())}.`, UNVERIFIABLE],
  'alg none in other letters': [() => `${encode({ alg: 'nOnE' })}.${encode(claimsOf())}.`, UNVERIFIABLE],
  'alg none with the signature of HS256': [() => token({}, { alg: 'none' }), UNVERIFIABLE],
  'no alg at all': [() => token({}, { typ: 'JWT' }), UNVERIFIABLE],
  'alg as a list': [() => token({}, { alg: ['HS256'] }), UNVERIFIABLE],
  'HS256 without a signature': [() => token().replace(/[^.]+$/, ''), UNVERIFIABLE],
  'HS384 with the right secret': [
    () => forge({ alg: 'HS384' }, claimsOf(), hmac(SECRET, 'sha384')),
    UNVERIFIABLE,
  ],
  'HS512 with the right secret': [
    () => forge({ alg: 'HS512' }, claimsOf(), hmac(SECRET, 'sha512')),
    UNVERIFIABLE,
  ],
  'RS256 signed with the secret': [() => token({}, { alg: 'RS256' }), UNVERIFIABLE],
  'another secret': [() => forge(HS256, claimsOf(), hmac(`${SECRET}!`)), UNVERIFIABLE],
  'an empty secret': [() => forge(HS256, claimsOf(), hmac('')), UNVERIFIABLE],
  'a tampered payload': [
    () => token().replace(/\.[^.]+\./, `.${encode(claimsOf({ scope: 'admin' }))}.`),
    UNVERIFIABLE,
  ],
  'a tampered header': [() => token().replace(/^[^.]+/, encode({ ...HS256, kid: 'x' })), UNVERIFIABLE],
  'the signature of another token': [
    () => token().replace(/[^.]+$/, token({ sub: 'bob' }).split('.')[2] ?? ''),
    UNVERIFIABLE,
  ],
  'kid as a path to an empty file, signed with nothing': [
    () => forge({ ...HS256, kid: '../../../../dev/null' }, claimsOf(), hmac('')),
    UNVERIFIABLE,
  ],
  'kid as SQL that answers the forger’s secret': [
    () => forge({ ...HS256, kid: "x' UNION SELECT 'mine'--" }, claimsOf(), hmac('mine')),
    UNVERIFIABLE,
  ],
  'jwk with the forger’s own secret': [
    () => forge({ ...HS256, jwk: { kty: 'oct', k: encode('mine') } }, claimsOf(), hmac('mine')),
    UNVERIFIABLE,
  ],
  'a demand in crit that nobody here understands': [
    () => token({}, { ...HS256, crit: ['b64'], b64: true }),
    UNVERIFIABLE,
  ],
  'claims that are null': [() => forge(HS256, 'null', hmac(SECRET)), UNVERIFIABLE],
  'claims that are a list': [() => forge(HS256, '[1]', hmac(SECRET)), UNVERIFIABLE],
  'claims that are no JSON': [() => forge(HS256, 'claims', hmac(SECRET)), UNVERIFIABLE],
  'three parts of nothing': [() => 'a.b.c', UNVERIFIABLE],
  'an expired token': [() => token({ exp: inSeconds(-60) }), 'The token has expired.'],
  'a token without exp': [
    () => token({ exp: undefined }),
    'The token lacks the claim exp: it would be valid forever.',
  ],
  'exp as a text': [() => token({ exp: '9999999999' }), UNVERIFIABLE],
  'exp that is infinite': [
    () => forge(HS256, claimsText('"exp":1e999'), hmac(SECRET)),
    'The claim exp must be a time in seconds.',
  ],
  'a token that is not valid yet': [() => token({ nbf: inSeconds(60) }), 'The token is not valid yet.'],
  'a token issued in the future': [
    () => token({ iat: inSeconds(60) }),
    'The token was issued in the future.',
  ],
  'another issuer': [
    () => token({ iss: 'https://evil.example' }),
    'The token comes from another issuer than this service trusts.',
  ],
  'no issuer': [
    () => token({ iss: undefined }),
    'The token comes from another issuer than this service trusts.',
  ],
  'another audience': [() => token({ aud: 'other' }), 'The token is meant for another audience.'],
  'no audience': [() => token({ aud: undefined }), 'The token is meant for another audience.'],
  'no subject': [() => token({ sub: undefined }), 'The token lacks the claim sub: it names the caller.'],
  'a subject that would break a log line': [
    () => token({ sub: 'a\r\nb' }),
    'The claim sub must be 1 to 255 characters without control characters.',
  ],
  'no tenant': [() => token({ tenant: undefined }), 'The token lacks the claim tenant: it names the tenant.'],
  'scopes as a list': [
    () => token({ scope: ['admin'] }),
    'The claim scope must be a string, space separated.',
  ],
  'models that are no list': [
    () => token({ models: { '*': true } }),
    'The claim models must be a list of names, or a string of them, space separated.',
  ],
};

for (const [name, [make, detail]] of Object.entries(refused)) {
  test(`refused: ${name}`, async (t) => {
    const { status, headers, body } = await present(await sharedBroker(), make());
    t.is(status, 401);
    t.like(body, { error_type: 'unauthenticated', detail });
    t.is(
      headers.get('www-authenticate'),
      `Bearer realm="inferq", error="invalid_token", error_description="${detail}"`,
    );
  });
}

for (const tenant of [
  '',
  'Acme',
  '-acme',
  'a:b',
  'a b',
  '../acme',
  'a'.repeat(64),
  'ä',
  'a\n',
  1,
  null,
  ['acme'],
]) {
  test(`refused: ${JSON.stringify(tenant)} as a tenant’s name`, async (t) => {
    const { status, body } = await present(await sharedBroker(), token({ tenant }));
    t.is(status, 401);
    t.regex(JSON.stringify(body), /The claim tenant is not a tenant's name: lower-case letters/);
  });
}

test('refused: a token of 16 kB, which the server cuts off, and one of 9 kB, which nobody decodes', async (t) => {
  const broker = await sharedBroker();
  t.is((await present(broker, token({ padding: 'x'.repeat(12_000) }))).status, 431);
  const long = await present(broker, token({ padding: 'x'.repeat(7000) }));
  t.is(long.status, 401);
  t.like(long.body, { detail: 'The credential is longer than 8192 characters.' });
  t.is((await present(broker, token({ padding: 'x'.repeat(5000) }))).status, 200);
});

test('without a credential the challenge names no error; a malformed one is told so', async (t) => {
  const broker = await sharedBroker();
  const ask = (authorization: string) => broker.request('/models', { headers: { authorization } });
  for (const authorization of ['', 'Bearer', 'Bearer ', 'Basic YTpi']) {
    const { status, headers, body } = await ask(authorization);
    t.is(status, 401, authorization);
    t.is(headers.get('www-authenticate'), 'Bearer realm="inferq"', authorization);
    t.like(body, { detail: 'Send Authorization: Bearer <token>.' }, authorization);
  }
  t.like((await ask(`Bearer ${token()} x`)).body, {
    detail: 'The credential holds characters that no token has.',
  });
});

test('the same token is judged again once it expires, however often it was accepted before', async (t) => {
  const broker = await sharedBroker();
  // The leeway of 30 s is nearly over: it is accepted for two seconds more.
  const short = token({ exp: inSeconds(-28) });
  t.is((await present(broker, short)).status, 200);
  t.is((await present(broker, short)).status, 200);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  t.like((await present(broker, short)).body, { detail: 'The token has expired.' });
});
