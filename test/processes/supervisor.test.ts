import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { until } from '../support/until.ts';

const FIXTURE = fileURLToPath(new URL('fixtures/half-started.ts', import.meta.url));

test('a supervisor whose processes are not all ready yet lets those that work finish', async (t) => {
  const supervisor = spawn(process.execPath, [FIXTURE], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  supervisor.stdout.setEncoding('utf8').on('data', (text) => (said += text));
  await until(() => said.includes('half started'));
  supervisor.kill('SIGTERM');
  const [code, signal] = await once(supervisor, 'exit');
  t.deepEqual([code, signal], [0, null]);
  t.is(said.match(/finished/g)?.length, 2);
});
