import test from 'ava';
import { createRemembered, type Verified } from '../../api/auth/remembered.ts';
import { looksLikeJwt } from '../../api/auth/credential.ts';

const verified = (subject: string, holds = () => true): Verified => ({
  principal: { tenant: 'acme', subject, scopes: [], models: [] },
  holds,
});

test('a credential is remembered for as long as it holds, and then never again', (t) => {
  const remembered = createRemembered();
  let good = true;
  remembered.add(
    'token',
    verified('alice', () => good),
  );
  t.is(remembered.find('token')?.subject, 'alice');
  t.is(remembered.find('Token'), undefined);
  good = false;
  t.is(remembered.find('token'), undefined);
  good = true;
  t.is(remembered.find('token'), undefined);
});

test('no more than so many are remembered: the oldest goes', (t) => {
  const remembered = createRemembered(2);
  for (const name of ['a', 'b', 'c']) remembered.add(name, verified(name));
  t.deepEqual(
    ['a', 'b', 'c'].map((name) => remembered.find(name)?.subject),
    [undefined, 'b', 'c'],
  );
});

test('a credential that is there already drives nobody out', (t) => {
  const remembered = createRemembered(2);
  for (const name of ['a', 'b', 'b']) remembered.add(name, verified(name));
  t.is(remembered.find('a')?.subject, 'a');
});

test('three parts are a JWT, everything else and all that begins ifq_ is an API token', (t) => {
  t.true(looksLikeJwt('a.b.c'));
  t.true(looksLikeJwt('a.b.'));
  for (const credential of ['ifq_abc', 'ifq_a.b.c', 'a', 'a.b', 'a.b.c.d', 'a.b.c.d.e'])
    t.false(looksLikeJwt(credential));
});
