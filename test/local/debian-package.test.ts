import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { debianCache } from '../../cli/local/clone.ts';
import { runCommand } from '../../cli/local/command.ts';
import { unpackDebianPackage } from '../../cli/local/debian-package.ts';
import { isDebian, readHostSystem } from '../../cli/local/host-system.ts';
import { findRedis } from '../../cli/local/redis-binary.ts';
import { makeFolder } from './fixtures/folder.ts';

const system = await readHostSystem();
const onDebian = isDebian(system) ? test : test.skip;

async function isInstalled(name: string): Promise<boolean> {
  const { stdout } = await runCommand('dpkg-query', ['-W', '-f', '${Status}', name]);
  return stdout.includes('ok installed');
}

/** A small package that this machine lacks: what it has is not unpacked. */
async function smallPackage(): Promise<string> {
  for (const name of ['liblzf1', 'hello', 'libcdb1', 'lua-bitop'])
    if (!(await isInstalled(name))) return name;
  throw new Error('This machine has every package that this test knows: name another one.');
}

const withoutRedis = isDebian(system) && (await isInstalled('redis-server')) ? test.skip : onDebian;

withoutRedis('without a Redis on the PATH, that of the distribution is unpacked, and runs', async (t) => {
  const found = await findRedis({ cache: debianCache(), path: '' });
  t.is(found.source, 'debian');
  t.true(found.command.startsWith(debianCache()));
  const { ok, stdout } = await runCommand(found.command, ['--version'], found.env);
  t.true(ok);
  t.true(stdout.includes(`v=${found.version}`));
});

onDebian('two at once fetch a package once, and leave nothing but its files', async (t) => {
  const cache = await makeFolder(t);
  const name = await smallPackage();
  const unpack = () => unpackDebianPackage({ name, cache });
  const [first, second] = await Promise.all([unpack(), unpack()]);
  t.is(first.folder, second.folder);
  t.deepEqual(await readdir(dirname(first.folder)), [name]);
});

onDebian('a second time nothing is fetched, and nothing said', async (t) => {
  const cache = await makeFolder(t);
  const name = await smallPackage();
  const said: string[] = [];
  const unpack = () => unpackDebianPackage({ name, cache, say: (line) => said.push(line) });
  await unpack();
  await unpack();
  t.deepEqual(said, [`Fetching ${name} from Debian's packages (once) …`]);
});

onDebian('a package that does not exist is a fault in apt’s words, and leaves nothing behind', async (t) => {
  const cache = await makeFolder(t);
  await t.throwsAsync(unpackDebianPackage({ name: 'no-such-package-here', cache }), {
    message: /Unable to locate package no-such-package-here/,
  });
  t.deepEqual(await readdir(join(cache, system.release)), []);
});

test('elsewhere than on Debian nothing is tried', async (t) => {
  const cache = await makeFolder(t);
  const mac = { os: 'darwin', distributions: [], release: 'darwin' } as const;
  await t.throwsAsync(unpackDebianPackage({ name: 'redis-server', cache, system: mac }));
  t.false(existsSync(join(cache, 'darwin')));
});
