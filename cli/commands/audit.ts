import type { Command } from 'commander';
import { formatAge } from '../duration.ts';
import { isRecord } from '../json.ts';
import { toJson } from '../output.ts';
import { recordsOf, textOf } from '../records.ts';
import type { Session } from '../session.ts';
import { formatTable } from '../table.ts';
import { plain } from '../terminal.ts';
import { count } from './option-values.ts';

export function addAudit(program: Command, open: () => Session): void {
  program
    .command('audit')
    .description('Who changed a tenant, a token or a model, newest first; for admins.')
    .option('-n, --limit <count>', 'how many at most', count, 50)
    .action(async (options: { limit: number }) => show(open(), options.limit));
}

async function show({ client, json, stdout, stderr }: Session, limit: number): Promise<void> {
  const data: Record<string, unknown>[] = [];
  for (let next: string | null = '/audit'; next !== null && data.length < limit;) {
    const { body } = await client.call({ path: next });
    data.push(...recordsOf(body, client.connection.url));
    next = isRecord(body) && typeof body['next'] === 'string' ? body['next'] : null;
  }
  const shown = data.slice(0, limit);
  if (json) return stdout.write(`${toJson({ data: shown })}\n`);
  if (shown.length === 0) return stderr.write('Nothing was changed yet\n');
  const now = Date.now();
  const rows = shown.map((entry) => [
    formatAge(textOf(entry, 'at'), now),
    textOf(entry, 'action'),
    plain(textOf(entry, 'target')),
    plain(`${textOf(entry, 'tenant')}/${textOf(entry, 'subject')}`),
    textOf(entry, 'address'),
  ]);
  stdout.write(formatTable(['AGE', 'ACTION', 'TARGET', 'BY', 'FROM'], rows, stdout));
}
