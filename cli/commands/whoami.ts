import type { Command } from 'commander';
import { toJson } from '../output.ts';
import { textOf, toRecord } from '../records.ts';
import type { Session } from '../session.ts';
import { formatFields } from '../table.ts';
import { plain } from '../terminal.ts';

export function addWhoami(program: Command, open: () => Session): void {
  program
    .command('whoami')
    .description('Whom the credential stands for, and what it allows.')
    .action(async () => show(open()));
}

async function show({ client, json, stdout }: Session): Promise<void> {
  const { body } = await client.call({ path: '/me' });
  const me = toRecord(body, client.connection.url);
  if (json) return stdout.write(`${toJson(body)}\n`);
  const listed = (name: string) => {
    const value = me[name];
    return plain(Array.isArray(value) ? value.join(', ') : textOf(me, name));
  };
  stdout.write(
    formatFields(
      ['tenant', 'subject', 'scopes', 'models'].map((name) => [name, listed(name)]),
      stdout,
    ),
  );
}
