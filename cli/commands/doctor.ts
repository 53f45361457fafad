import process from 'node:process';
import type { Command } from 'commander';
import type { Finding } from '../checks/finding.ts';
import { isLoopback } from '../dev-state.ts';
import { EXIT } from '../exit-code.ts';
import { Failure } from '../failure.ts';
import { toJson } from '../output.ts';
import type { Session } from '../session.ts';
import { plain, type Screen } from '../terminal.ts';

export function addDoctor(program: Command, open: () => Session): void {
  program
    .command('doctor')
    .description('Says what is wrong, on this machine and with the broker, and what to do about it.')
    .action(async () => examine(open()));
}

async function examine(session: Session): Promise<void> {
  const { json, stdout } = session;
  const findings: Finding[] = [];
  for await (const finding of check(session)) {
    findings.push(finding);
    if (!json) stdout.write(format(finding, stdout));
  }
  const faults = findings.filter(({ level }) => level === 'broken').length;
  if (json) stdout.write(`${toJson({ ok: faults === 0, findings })}\n`);
  if (faults === 0) return;
  const title = faults === 1 ? 'One thing is broken' : `${faults} things are broken`;
  throw new Failure(EXIT.refused, { type: 'urn:inferq:cli:doctor', title });
}

/** One after the other, so that each is shown when it is known. */
async function* check({ client, env, json, stderr }: Session): AsyncGenerator<Finding> {
  const [node, { checkPort }, { checkRedis }, { checkBroker }, { readManifest }] = await Promise.all([
    import('../checks/node.ts'),
    import('../checks/port.ts'),
    import('../checks/redis.ts'),
    import('../checks/broker.ts'),
    import('../manifest.ts'),
  ]);
  const manifest = readManifest();
  yield node.checkNode(process.version, manifest.node);
  yield node.checkDependencies(manifest.dependencies, node.findInstalled);
  // What it takes to start one here does not matter to who uses one elsewhere.
  if (isLoopback(client.connection.url)) {
    yield await checkRedis(env.REDIS_URL, (line) => (json ? undefined : stderr.write(`${line}\n`)));
    yield await checkPort(client);
  }
  yield* await checkBroker(client);
}

function format({ level, text, cure }: Finding, { colors }: Screen): string {
  const marks = { ok: colors.green('✓'), warning: colors.yellow('!'), broken: colors.red('✗') };
  const advice = cure === undefined ? '' : colors.dim(` → ${plain(cure)}`);
  return `${marks[level]} ${plain(text)}${advice}\n`;
}
