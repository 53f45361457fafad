import path from 'node:path';
import test from 'ava';
import { debianCache } from '../../cli/local/clone.ts';
import { findCommand, runCommand, type CommandResult } from '../../cli/local/command.ts';
import { unpackDebianPackage } from '../../cli/local/debian-package.ts';
import { isDebian, readHostSystem } from '../../cli/local/host-system.ts';

const FOLDER = path.join(import.meta.dirname, '../../ops/prometheus');

const here = await findCommand('promtool', process.env['PATH'] ?? '');
const canRun = here !== undefined || isDebian(await readHostSystem());

(canRun ? test : test.skip)('each alert is raised when it should be, and not before', async (t) => {
  t.timeout(10 * 60_000);
  const promtool = here === undefined ? await unpack() : (args: string[]) => runCommand(here, args);
  const checked = await promtool(['check', 'rules', path.join(FOLDER, 'rules.yaml')]);
  t.true(checked.ok, checked.stderr + checked.stdout);
  const tested = await promtool(['test', 'rules', path.join(FOLDER, 'rules.test.yaml')]);
  t.true(tested.ok, tested.stderr + tested.stdout);
});

async function unpack(): Promise<(args: string[]) => Promise<CommandResult>> {
  const prometheus = await unpackDebianPackage({ name: 'prometheus', cache: debianCache() });
  const command = (await prometheus.command('promtool')) ?? '';
  return (args) => runCommand(command, args, prometheus.env);
}
