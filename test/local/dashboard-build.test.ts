import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { cloneFolder } from '../../cli/local/clone.ts';
import { buildDashboard } from '../../cli/local/dashboard-build.mjs';
import { makeFolder } from './fixtures/folder.ts';

test('the dashboard is built where it is missing or its sources have changed, and else not touched', async (t) => {
  const clone = await makeFolder(t);
  for (const name of ['dashboard', 'shared', 'package.json', 'package-lock.json', 'tsconfig.json'])
    await cp(join(cloneFolder(), name), join(clone, name), { recursive: true });
  await symlink(join(cloneFolder(), 'node_modules'), join(clone, 'node_modules'));
  const said: string[] = [];
  const build = (): void => buildDashboard(clone, process.execPath, (line) => said.push(line));
  const page = join(clone, 'dist/dashboard/index.html');

  build();
  t.is(said.length, 1);
  t.regex(
    await readFile(page, 'utf8'),
    /<script type="module" crossorigin src="\/dashboard\/assets\/index-[\w-]+\.js">/,
  );
  t.notRegex(
    await readFile(page, 'utf8'),
    /<script>|<style|https?:/,
    'nothing inline, nothing from elsewhere',
  );
  build();
  t.is(said.length, 1, 'what is current is left alone');
  await writeFile(join(clone, 'dashboard/style/extra.css'), '');
  build();
  t.is(said.length, 2, 'a file more');
  await rm(join(clone, 'dist'), { recursive: true });
  build();
  t.is(said.length, 3, 'nothing there');
});

test('a package without the sources of the dashboard has it already', async (t) => {
  const folder = await makeFolder(t);
  await mkdir(join(folder, 'dist'));
  t.notThrows(() => buildDashboard(folder, '/nowhere/node'));
});
