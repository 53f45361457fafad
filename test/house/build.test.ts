import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';

const ROOT = path.join(import.meta.dirname, '../..');
const run = promisify(execFile);

test('what is published is plain JavaScript that runs where no TypeScript can', async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-package-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await run(process.execPath, [
    path.join(ROOT, 'node_modules/typescript/bin/tsc'),
    '-p',
    path.join(ROOT, 'tsconfig.build.json'),
    '--outDir',
    path.join(folder, 'dist'),
  ]);
  await cp(path.join(ROOT, 'shared/redis/scripts'), path.join(folder, 'dist/shared/redis/scripts'), {
    recursive: true,
  });
  await mkdir(path.join(folder, 'cli/local'), { recursive: true });
  for (const file of ['package.json', 'cli/inferq.mjs', 'cli/local/hand-over.mjs'])
    await cp(path.join(ROOT, file), path.join(folder, file));
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));

  const version = await run(process.execPath, [path.join(folder, 'cli/inferq.mjs'), '--version']);
  t.regex(version.stdout, /^\d+\.\d+\.\d+\n$/);
  for (const role of ['api', 'workers']) {
    const started = run(process.execPath, [path.join(folder, `dist/${role}/index.js`)], { env: {} });
    const error = await t.throwsAsync(started);
    t.regex(error?.message ?? '', /REDIS_URL is not set/, role);
  }
});
