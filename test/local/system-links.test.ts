import { mkdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { runCommand } from '../../cli/local/command.ts';
import { linkToSystem } from '../../cli/local/system-links.ts';
import { makeFolder } from './fixtures/folder.ts';

test('a link to a program that only the system has leads there', async (t) => {
  const root = await makeFolder(t);
  const bin = join(root, 'usr/bin');
  await mkdir(bin, { recursive: true });
  await symlink('env', join(bin, 'relative'));
  await symlink('/usr/bin/env', join(bin, 'absolute'));
  await linkToSystem(root);
  for (const name of ['relative', 'absolute']) t.true((await runCommand(join(bin, name), [])).ok);
});

test('a link from the root leads to what was unpacked, not to the system’s', async (t) => {
  const root = await makeFolder(t);
  await mkdir(join(root, 'opt/of-this-test'), { recursive: true });
  await writeFile(join(root, 'opt/of-this-test/file'), '');
  await symlink('/opt/of-this-test/file', join(root, 'link'));
  await symlink('opt/of-this-test/file', join(root, 'whole'));
  await linkToSystem(root);
  t.is(await readlink(join(root, 'link')), 'opt/of-this-test/file');
  t.is(await readlink(join(root, 'whole')), 'opt/of-this-test/file');
});

test('a link that leads to nothing anywhere stays as it is', async (t) => {
  const root = await makeFolder(t);
  await symlink('no-such-file-anywhere', join(root, 'link'));
  await linkToSystem(root);
  t.is(await readlink(join(root, 'link')), 'no-such-file-anywhere');
});
