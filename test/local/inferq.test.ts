import { execFile } from 'node:child_process';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { cloneFolder } from '../../cli/local/clone.ts';
import { makeFolder } from './fixtures/folder.ts';

test('in a clone the sources run, even when it has been built', async (t) => {
  const files = {
    'cli/index.ts': `console.log('source' satisfies string)`,
    'dist/cli/index.js': `console.log('built')`,
  };
  t.is(await inferq(t, files), 'source\n');
});

test('in the published package, what was built runs, with its arguments', async (t) => {
  t.is(await inferq(t, { 'dist/cli/index.js': 'console.log(process.argv.slice(2).join())' }), 'a,b\n');
});

test('a dependency that is missing is one line', async (t) => {
  const output = await inferq(t, { 'cli/index.ts': `import 'commander'` });
  t.regex(
    output,
    /^inferq: the dependency commander is not installed\. .*npm ci --ignore-scripts && npm rebuild node\n$/,
  );
});

test('a file of ours that is missing is no fault of the installation', async (t) => {
  const output = await inferq(t, { 'cli/index.ts': `import './gone.ts'` });
  t.regex(output, /ERR_MODULE_NOT_FOUND/);
  t.notRegex(output, /is not installed/);
});

/** Runs `inferq a b` in a project of these files; returns all that it prints. */
async function inferq(t: ExecutionContext, files: Record<string, string>): Promise<string> {
  const root = await makeFolder(t);
  for (const file of ['cli/inferq.mjs', 'cli/local/hand-over.mjs']) {
    await cp(join(cloneFolder(), file), join(root, file));
  }
  for (const [file, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
  return new Promise((resolve) => {
    execFile(process.execPath, [join(root, 'cli', 'inferq.mjs'), 'a', 'b'], (_error, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
}
