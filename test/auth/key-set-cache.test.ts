import test, { type ExecutionContext } from 'ava';
import type { JSONWebKeySet } from 'jose';
import { createKeySet } from '../../api/auth/key-set.ts';
import type { VerificationKey } from '../../api/auth/verification-keys.ts';
import { newKey, toJwk, type SigningKey } from './forge.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const a = newKey('ES256', 'a');
const b = newKey('ES256', 'b');

test('the keys are fetched when the first token comes, once for all that come together', async (t) => {
  const world = createWorld([a]);
  t.is(world.fetches, 0);
  await Promise.all(Array.from({ length: 100 }, () => world.find('a')));
  t.is(world.fetches, 1);
});

test('a thousand made-up key ids cost one fetch in 30 seconds', async (t) => {
  const world = createWorld([a]);
  await world.find('a');
  world.pass(30 * SECOND);
  for (let flood = 0; flood < 3; flood++) {
    await Promise.all(Array.from({ length: 1000 }, (_, at) => t.throwsAsync(world.find(`random-${at}`))));
    t.is(world.fetches, 2 + flood);
    world.pass(30 * SECOND - 1);
    await t.throwsAsync(world.find('random'));
    t.is(world.fetches, 2 + flood);
    world.pass(1);
  }
});

test('a flood while the issuer is away and nothing is known costs one fetch in 30 seconds too', async (t) => {
  const world = createWorld(undefined);
  for (let at = 0; at < 50; at++) await unavailable(t, world.find(`random-${at}`));
  t.is(world.fetches, 1);
  world.pass(10 * SECOND);
  const error = await t.throwsAsync(world.find('a'));
  t.like(error, { code: 'keys_unavailable', retryAfter: 20 });
  world.pass(20 * SECOND);
  world.publish([a]);
  await world.find('a');
  t.is(world.fetches, 2);
});

test('a key that is new is found as soon as the issuer may be asked again', async (t) => {
  const world = createWorld([a]);
  await world.find('a');
  world.publish([a, b]);
  await t.throwsAsync(world.find('b'), { message: 'The token cannot be verified.' });
  world.pass(30 * SECOND);
  await world.find('b');
  t.is(world.fetches, 2);
});

test('a key that was withdrawn holds no longer as soon as the new keys are there', async (t) => {
  const world = createWorld([a]);
  const { holds } = await world.find('a');
  t.true(holds());
  world.publish([b]);
  world.pass(30 * SECOND);
  t.true(holds());
  await world.find('b');
  t.false(holds());
  await t.throwsAsync(world.find('a'), { message: 'The token cannot be verified.' });
});

test('after ten minutes nothing holds that was not asked for again', async (t) => {
  const world = createWorld([a]);
  const { holds } = await world.find('a');
  world.pass(10 * MINUTE - 1);
  t.true(holds());
  world.publish([b]);
  world.pass(1);
  t.false(holds());
  await t.throwsAsync(world.find('a'));
  t.is(world.fetches, 2);
});

test('while the issuer is away the known keys go on for a day, and it is asked every 30 seconds', async (t) => {
  const world = createWorld([a]);
  await world.find('a');
  world.publish(undefined);
  world.pass(10 * MINUTE);
  const { holds } = await world.find('a');
  t.true(holds());
  t.is(world.fetches, 2);
  world.pass(30 * SECOND);
  t.false(holds());
  await world.find('a');
  t.is(world.fetches, 3);
  t.is(world.failures.length, 2);
  await t.throwsAsync(world.find('unknown'), { message: 'The token cannot be verified.' });
  t.is(world.fetches, 3);
  world.pass(23 * HOUR);
  await world.find('a');
  world.pass(HOUR);
  await unavailable(t, world.find('a'));
});

test('nobody waits for an issuer that is known to be away', async (t) => {
  const world = createWorld([a]);
  await world.find('a');
  world.publish(undefined);
  world.pass(10 * MINUTE);
  await world.find('a');
  world.hang();
  world.pass(30 * SECOND);
  await world.find('a');
  t.is(world.fetches, 3);
});

test('a set of broken keys stands for no key', async (t) => {
  const world = createWorld([a]);
  world.publishSet({ keys: [{ kty: 'EC', kid: 'a', crv: 'P-256', x: 'AA', y: 'AA' }] });
  await t.throwsAsync(world.find('a'), { message: 'The token cannot be verified.' });
});

test('a private key that was published by mistake verifies nothing', async (t) => {
  const world = createWorld([a]);
  world.publishSet({ keys: [{ ...toJwk(a), ...a.privateKey.export({ format: 'jwk' }) }] });
  await t.throwsAsync(world.find('a'), { message: 'The token cannot be verified.' });
});

async function unavailable(t: ExecutionContext, found: Promise<unknown>): Promise<void> {
  t.like(await t.throwsAsync(found), { code: 'keys_unavailable' });
}

interface World {
  fetches: number;
  failures: unknown[];
  /** undefined: the issuer is away. */
  publish(keys: SigningKey[] | undefined): void;
  publishSet(set: object): void;
  hang(): void;
  pass(milliseconds: number): void;
  find(kid: string): Promise<VerificationKey>;
}

function createWorld(keys: SigningKey[] | undefined): World {
  let time = 0;
  let answer: () => Promise<JSONWebKeySet>;
  const published = createKeySet({
    fetchKeys() {
      world.fetches++;
      return answer();
    },
    onFailure: (error) => void world.failures.push(error),
    now: () => time,
  });
  const world: World = {
    fetches: 0,
    failures: [],
    publish(list) {
      answer = async () => {
        if (!list) throw new Error('away');
        return { keys: list.map((key) => ({ kty: 'EC', ...toJwk(key) })) };
      };
    },
    publishSet(set) {
      answer = async () => ({ keys: [], ...set });
    },
    hang() {
      answer = () => new Promise(() => {});
    },
    pass: (milliseconds) => void (time += milliseconds),
    find: (kid) => published.find({ alg: 'ES256', kid }),
  };
  world.publish(keys);
  return world;
}
