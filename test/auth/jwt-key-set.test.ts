import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import { jsonModel } from '../support/broker.ts';
import { claimsOf, encode, forge, hmac, issue, newKey, signWith, toJwk, type SigningKey } from './forge.ts';
import { startIssuer } from './issuer.ts';
import { present, shareBroker } from './shared-broker.ts';

const rsa = newKey('RS256', 'rsa-1');
const ec = newKey('ES256', 'ec-1');
const ed = newKey('EdDSA', 'ed-1');
const weak: SigningKey = {
  alg: 'RS256',
  kid: 'weak',
  ...generateKeyPairSync('rsa', { modulusLength: 1024 }),
};
const attacker = newKey('RS256', 'rsa-1');

const issuer = await startIssuer(rsa, ec, ed, weak);
const evil = await startIssuer(attacker);
test.after.always(() => Promise.all([issuer.stop(), evil.stop()]));
const sharedBroker = shareBroker(async () => ({
  models: [jsonModel('m', 'http://127.0.0.1:9')],
  workers: 0,
  env: { JWKS_URI: issuer.uri, JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'inferq' },
}));

for (const key of [rsa, ec, ed]) {
  test(`accepted: a token of ${key.alg}`, async (t) => {
    t.is((await present(await sharedBroker(), issue(key, claimsOf()))).status, 200);
  });
}

test('accepted: a token without kid, where one key alone fits', async (t) => {
  const token = issue(ec, claimsOf(), { kid: undefined });
  t.is((await present(await sharedBroker(), token)).status, 200);
});

/** Every text and byte that a careless verifier might take for the secret of HMAC. */
const confusions: Record<string, string | Buffer> = {
  'its PEM': pem('spki'),
  'its PEM without the last line break': pem('spki').trimEnd(),
  'its PEM with CRLF': pem('spki').replaceAll('\n', '\r\n'),
  'its PEM in one line': pem('spki').replaceAll('\n', ''),
  'its PKCS#1 PEM': pem('pkcs1'),
  'its DER': rsa.publicKey.export({ type: 'spki', format: 'der' }),
  'its JWK': JSON.stringify(rsa.publicKey.export({ format: 'jwk' })),
  'its published JWK': JSON.stringify(toJwk(rsa)),
  'its modulus': String(rsa.publicKey.export({ format: 'jwk' }).n),
  'the modulus’ bytes': Buffer.from(String(rsa.publicKey.export({ format: 'jwk' }).n), 'base64url'),
  'its kid': rsa.kid,
};

function pem(type: 'spki' | 'pkcs1'): string {
  return createPublicKey(rsa.privateKey).export({ type, format: 'pem' });
}

const hs = (secret: string | Buffer, header: Record<string, unknown> = {}): string =>
  forge({ alg: 'HS256', typ: 'JWT', kid: rsa.kid, ...header }, claimsOf(), hmac(secret));
const forged = (header: Record<string, unknown> = {}): string => issue(attacker, claimsOf(), header);
const signedAs = (key: SigningKey, alg: string): string =>
  forge({ alg, kid: key.kid }, claimsOf(), signWith(key.privateKey, alg));

const refused: Record<string, () => string> = {
  'alg none': () => `${encode({ alg: 'none', kid: rsa.kid })}.${encode(claimsOf())}.`,
  'alg NONE': () => `${encode({ alg: 'NONE', kid: rsa.kid })}.${encode(claimsOf())}.`,
  'another key under the genuine kid': () => forged(),
  'another key under no kid': () => forged({ kid: undefined }),
  'RS512 with the genuine key': () => signedAs(rsa, 'RS512'),
  'RS384 with the genuine key': () => signedAs(rsa, 'RS384'),
  'PS256 with the genuine key': () => signedAs(rsa, 'PS256'),
  'RS256 in small letters': () =>
    forge({ alg: 'rs256', kid: rsa.kid }, claimsOf(), signWith(rsa.privateKey, 'RS256')),
  'ES256 said of the RSA key': () => issue(rsa, claimsOf(), { alg: 'ES256' }),
  'RS256 said of the EC key': () => issue(ec, claimsOf(), { alg: 'RS256' }),
  'EdDSA said of the RSA key': () => issue(rsa, claimsOf(), { alg: 'EdDSA' }),
  'HS256 said of the Ed25519 key': () => issue(ed, claimsOf(), { alg: 'HS256' }),
  'ES256 with an empty signature': () => issue(ec, claimsOf()).replace(/[^.]+$/, ''),
  'ES256 with a signature of zeros': () =>
    issue(ec, claimsOf()).replace(/[^.]+$/, Buffer.alloc(64).toString('base64url')),
  'ES256 with a signature of another length': () => issue(ec, claimsOf()).replace(/[^.]+$/, 'AAAA'),
  'EdDSA with a signature of zeros': () =>
    issue(ed, claimsOf()).replace(/[^.]+$/, Buffer.alloc(64).toString('base64url')),
  'a published RSA key of 1,024 bits': () => issue(weak, claimsOf()),
  'a tampered payload of RS256': () => tampered(rsa),
  'a tampered payload of ES256': () => tampered(ec),
  'a tampered payload of EdDSA': () => tampered(ed),
  'kid as a path to an empty file, signed with nothing': () => hs('', { kid: '../../../../dev/null' }),
  'kid as a path to a file with a known content': () =>
    hs('2\n', { kid: '/proc/sys/kernel/randomize_va_space' }),
  'kid as a path, signed by the forger': () => forged({ kid: '../../etc/passwd' }),
  'kid as SQL that answers the forger’s secret': () => hs('mine', { kid: "x' UNION SELECT 'mine'--" }),
  'kid as SQL, signed by the forger': () => forged({ kid: "rsa-1' OR '1'='1" }),
  'kid as the name of a built-in property': () => forged({ kid: '__proto__' }),
  'kid as a list': () => forged({ kid: [rsa.kid] }),
  'kid as an object': () => forged({ kid: { $ne: null } }),
  'jwk with the forger’s key': () => forged({ jwk: toJwk(attacker) }),
  'x5c with the forger’s certificate': () =>
    forged({ x5c: [attacker.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] }),
  'a demand in crit that nobody here understands': () => issue(rsa, claimsOf(), { crit: ['exp'] }),
};

function tampered(key: SigningKey): string {
  return issue(key, claimsOf()).replace(/\.[^.]+\./, `.${encode(claimsOf({ tenant: 'other' }))}.`);
}

for (const [name, secret] of Object.entries(confusions)) {
  refused[`HS256 with the public key as its secret: ${name}`] = () => hs(secret);
  refused[`RS256 in the header and the HMAC of: ${name}`] = () => hs(secret, { alg: 'RS256' });
}

for (const [name, make] of Object.entries(refused)) {
  test(`refused: ${name}`, async (t) => {
    const { status, headers, body } = await present(await sharedBroker(), make());
    t.is(status, 401);
    t.like(body, { error_type: 'unauthenticated', detail: 'The token cannot be verified.' });
    t.regex(headers.get('www-authenticate') ?? '', /^Bearer realm="inferq", error="invalid_token", /);
  });
}

for (const key of [rsa, ec, ed]) {
  test(`refused: an expired, early, foreign or endless token of ${key.alg}`, async (t) => {
    const broker = await sharedBroker();
    const detailOf = async (changes: Record<string, unknown>): Promise<unknown> => {
      const { status, body } = await present(broker, issue(key, claimsOf(changes)));
      t.is(status, 401);
      return body;
    };
    const now = Date.now() / 1000;
    t.like(await detailOf({ exp: now - 60 }), { detail: 'The token has expired.' });
    t.like(await detailOf({ nbf: now + 60 }), { detail: 'The token is not valid yet.' });
    t.like(await detailOf({ iat: now + 60 }), { detail: 'The token was issued in the future.' });
    t.like(await detailOf({ iss: 'https://evil.example' }), {
      detail: 'The token comes from another issuer than this service trusts.',
    });
    t.like(await detailOf({ aud: 'other' }), { detail: 'The token is meant for another audience.' });
    t.like(await detailOf({ exp: undefined }), {
      detail: 'The token lacks the claim exp: it would be valid forever.',
    });
  });
}

for (const name of ['jku', 'x5u']) {
  test(`refused: ${name} that leads to the forger’s keys, and nobody goes there`, async (t) => {
    const broker = await sharedBroker();
    for (const kid of ['rsa-1', 'theirs', undefined]) {
      const { status } = await present(broker, forged({ [name]: evil.uri, kid }));
      t.is(status, 401);
    }
    t.deepEqual(evil.requests, []);
  });
}
