import { InvalidArgumentError, type Command } from 'commander';
import { isRecord, parseJson } from '../json.ts';
import { toJson } from '../output.ts';
import { recordsOf, toRecord } from '../records.ts';
import type { Session } from '../session.ts';
import { formatFields, formatTable } from '../table.ts';
import { tenantPath } from '../tenant.ts';
import { formatSettings, formatUsage } from '../tenant-text.ts';
import { collect, count, positive } from './option-values.ts';

const EXAMPLES = `
Examples:
  $ npx inferq tenants set acme --rate 100/60 --max-queued 1000 --weight 2
  $ npx inferq tenants set acme --budget '{"limit": 5000, "period": "month"}' --models 'public-*'
  $ npx inferq tenants usage acme --from 2026-11-01
  $ npx inferq tokens create acme --name ci --scope jobs:write --scope jobs:read`;

interface Settings {
  rate?: { limit: number; window: number };
  maxQueued?: number;
  weight?: number;
  budget?: unknown;
  models?: string[];
}

export function addTenants(program: Command, open: () => Session): void {
  const tenants = program
    .command('tenants')
    .description('Tenants, their limits and what they used; for admins.');
  tenants.addHelpText('after', EXAMPLES);
  tenants
    .command('ls')
    .description('Lists the tenants of which something is settled.')
    .action(async () => list(open()));
  tenants
    .command('get <tenant>')
    .description('Shows a tenant.')
    .action(async (tenant: string) => show(open(), tenant));
  tenants
    .command('set <tenant>')
    .description('Makes a tenant, or replaces its settings: what is not named has its default.')
    .option('--rate <limit/seconds>', 'submissions in a window, such as 100/60', rate)
    .option('--max-queued <count>', 'jobs that may wait', count)
    .option('--weight <number>', 'its share beside other tenants', positive)
    .option('--budget <json>', 'units of cost: a number, or {"limit": 5000, "period": "month"}', json)
    .option('--models <name>', 'that it may use, * is a wildcard (repeatable)', collect)
    .action(async (tenant: string, settings: Settings) => set(open(), tenant, settings));
  tenants
    .command('rm <tenant>')
    .description('Removes the settings of a tenant and revokes its tokens.')
    .action(async (tenant: string) => remove(open(), tenant));
  tenants
    .command('usage <tenant>')
    .description('What its jobs did and cost, by day and model.')
    .option('--from <day>', 'the first day, in UTC, such as 2026-11-01')
    .option('--to <day>', 'the last one')
    .action(async (tenant: string, days: { from?: string; to?: string }) => showUsage(open(), tenant, days));
}

function rate(value: string): Settings['rate'] {
  const [, digits, decimals] = /^(\d+)\/(\d+(?:\.\d+)?)$/.exec(value) ?? [];
  const [limit, window] = [Number(digits), Number(decimals)];
  if (limit > 0 && limit <= 1_000_000 && window > 0 && window <= 86_400) return { limit, window };
  throw new InvalidArgumentError(
    'It takes LIMIT/SECONDS, such as 100/60: up to 1000000 of them in up to 86400 s.',
  );
}

function json(value: string): unknown {
  try {
    return parseJson(value);
  } catch (error) {
    if (error instanceof SyntaxError) throw new InvalidArgumentError('It takes JSON.');
    throw error;
  }
}

async function list({ client, json, stdout, stderr }: Session): Promise<void> {
  const { body } = await client.call({ path: '/tenants' });
  const tenants = recordsOf(body, client.connection.url);
  if (json) return stdout.write(`${toJson(body)}\n`);
  if (tenants.length === 0) return stderr.write('No tenants. Make one: npx inferq tenants set NAME\n');
  const rows = tenants.map((tenant) => Object.values(formatSettings(tenant)));
  stdout.write(formatTable(['TENANT', 'RATE', 'MAX QUEUED', 'WEIGHT', 'BUDGET', 'MODELS'], rows, stdout));
}

async function show(
  { client, json, stdout }: Session,
  tenant: string,
  change: { method?: 'PUT'; body?: string } = {},
) {
  const { body } = await client.call({
    ...change,
    path: tenantPath(tenant),
    idempotent: true,
    about: { tenant },
  });
  const fields = formatSettings(toRecord(body, client.connection.url));
  stdout.write(json ? `${toJson(body)}\n` : formatFields(Object.entries(fields), stdout));
}

async function set(session: Session, tenant: string, { maxQueued, ...settings }: Settings): Promise<void> {
  const body = JSON.stringify({ ...settings, ...(maxQueued === undefined ? {} : { max_queued: maxQueued }) });
  await show(session, tenant, { method: 'PUT', body });
}

async function remove({ client, json, stderr }: Session, tenant: string): Promise<void> {
  await client.call({ method: 'DELETE', path: tenantPath(tenant), about: { tenant } });
  if (!json) stderr.write(`${tenant} is removed; its tokens are revoked\n`);
}

async function showUsage(
  { client, json, stdout, stderr }: Session,
  tenant: string,
  days: { from?: string; to?: string },
) {
  const query = new URLSearchParams(Object.entries(days)).toString();
  const path = `${tenantPath(tenant, '/usage')}${query && `?${query}`}`;
  const { body } = await client.call({ path, about: { tenant } });
  if (json) return stdout.write(`${toJson(body)}\n`);
  const rows = recordsOf(body, client.connection.url);
  if (rows.length > 0) stdout.write(formatUsage(rows, stdout));
  else stderr.write('No job of it ended in these days\n');
  const budget = isRecord(body) ? body['budget'] : null;
  if (isRecord(budget))
    stderr.write(`budget: ${String(budget['spent'])} of ${String(budget['limit'])} spent\n`);
}
