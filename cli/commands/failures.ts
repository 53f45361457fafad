import type { Command } from 'commander';
import { toJson } from '../output.ts';
import { recordsOf, textOf } from '../records.ts';
import type { Session } from '../session.ts';
import { formatTable } from '../table.ts';
import { pathIn } from '../tenant.ts';
import { plain } from '../terminal.ts';
import { ofTenant, type OfTenant } from './option-values.ts';

export function addFailures(program: Command, open: () => Session): void {
  program
    .command('failures')
    .description('How many jobs failed with what, today and yesterday (UTC).')
    .addOption(ofTenant())
    .action(async ({ tenant }: OfTenant) => show(open(), tenant));
}

async function show({ client, json, stdout, stderr }: Session, tenant?: string): Promise<void> {
  const { body } = await client.call({ path: pathIn(tenant, '/failures') });
  const failures = recordsOf(body, client.connection.url);
  if (json) return stdout.write(`${toJson(body)}\n`);
  if (failures.length === 0) return stderr.write('No job failed today or yesterday\n');
  const rows = failures.map((each) => [
    plain(textOf(each, 'model')),
    plain(textOf(each, 'error_type')),
    textOf(each, 'count'),
  ]);
  stdout.write(formatTable(['MODEL', 'ERROR', 'JOBS'], rows, stdout));
}
