import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { tryFileLock, withFileLock } from '../../cli/local/file-lock.ts';
import { makeFolder } from './fixtures/folder.ts';

const LONG_AGO = new Date('2020-01-01');

test('one holds it, the next gets it after', async (t) => {
  const file = join(await makeFolder(t), 'lock');
  const first = await tryFileLock(file);
  t.truthy(first);
  t.is(await tryFileLock(file), undefined);
  await first?.release();
  const second = await tryFileLock(file);
  t.truthy(second);
  await second?.release();
});

test('ten that want it at once work one after the other', async (t) => {
  const folder = await makeFolder(t);
  const file = join(folder, 'lock');
  let working = 0;
  const work = async () => {
    working += 1;
    await writeFile(join(folder, 'busy'), 'x');
    t.is(working, 1);
    working -= 1;
  };
  await Promise.all(Array.from({ length: 10 }, () => withFileLock(file, () => undefined, work)));
  t.deepEqual(await readdir(folder), ['busy']);
});

test('one whose process has died is taken over, by one of many', async (t) => {
  const file = join(await makeFolder(t), 'lock');
  // No process has this id: the largest on Linux is 2^22.
  await writeFile(file, '99999999 of-a-crash');
  const locks = await Promise.all(Array.from({ length: 5 }, () => tryFileLock(file)));
  t.is(locks.filter((lock) => lock !== undefined).length, 1);
});

test('one that is silent is taken over, though its id is in use again', async (t) => {
  const file = join(await makeFolder(t), 'lock');
  await writeFile(file, `${process.pid} before-a-reboot`);
  await utimes(file, LONG_AGO, LONG_AGO);
  t.truthy(await tryFileLock(file));
});
