import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import test from 'ava';
import { curlSnippet, pythonSnippet, typescriptSnippet } from '../../dashboard/pages/snippets.ts';
import { findCommand } from '../../cli/local/command.ts';
import { jsonModel, startTestBroker, TOKEN } from '../support/broker.ts';
import { startModel } from '../support/many-jobs.ts';

const run = promisify(execFile);

test('each snippet of the playground submits its job as it stands there', async (t) => {
  const model = await startModel(t);
  const broker = await startTestBroker(t, { models: [jsonModel('echo', model.url)] });
  const input = { text: `It's "quoted" – $HOME \\ `, many: [1, true, null, { deep: [] }], none: {} };
  const submission = { origin: broker.url, body: { model: 'echo', input } };
  const env = { ...process.env, INFERQ_TOKEN: TOKEN };
  const ways: [string, string[]][] = [
    ['bash', ['-c', curlSnippet(submission)]],
    [process.execPath, ['--input-type=module', '-e', typescriptSnippet(submission)]],
    ['python3', ['-c', pythonSnippet(submission)]],
  ];
  for (const [command, args] of ways) {
    const needed = command === 'bash' ? 'curl' : command;
    if (needed !== process.execPath && !(await findCommand(needed, process.env['PATH'] ?? ''))) continue;
    const { stdout } = await run(command, args, { env });
    t.true(stdout.includes('succeeded'), `${command}: ${stdout}`);
    t.deepEqual(model.calls.at(0)?.body, input, command);
  }
});
