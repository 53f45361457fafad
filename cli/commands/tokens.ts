import { Option, type Command } from 'commander';
import { SCOPES } from '../../shared/principal.ts';
import { formatAge } from '../duration.ts';
import { usage } from '../failure.ts';
import { toJson } from '../output.ts';
import { recordsOf, textOf, toRecord } from '../records.ts';
import type { Session } from '../session.ts';
import { formatTable } from '../table.ts';
import { collect, time } from './option-values.ts';
import { tenantPath } from '../tenant.ts';

const EXAMPLES = `
Examples:
  $ npx inferq tokens create acme --name ci --scope jobs:write --scope jobs:read
  $ npx inferq tokens create acme --name batch --models language-id --expires 2027-01-01T00:00:00Z
  $ npx inferq tokens ls acme
  $ npx inferq tokens revoke tok_…`;

interface NewToken {
  name: string;
  scope?: string[];
  models?: string[];
  expires?: string;
}

/** What a client needs that submits jobs and looks after them. */
const USUAL_SCOPES = ['jobs:write', 'jobs:read', 'models:read'];

export function addTokens(program: Command, open: () => Session): void {
  const tokens = program.command('tokens').description('API tokens of tenants; for admins.');
  tokens.addHelpText('after', EXAMPLES);
  tokens
    .command('create <tenant>')
    .description('Makes a token and prints it; it is shown this once.')
    .requiredOption('--name <name>', 'for people')
    .addOption(
      new Option(
        '--scope <scope>',
        `what it allows: ${SCOPES.join(', ')} (repeatable; ${USUAL_SCOPES.join(', ')})`,
      ).argParser(collect),
    )
    .option('--models <name>', 'that it may use, * is a wildcard (repeatable)', collect)
    .option('--expires <time>', 'as 2027-01-31T12:00:00Z', time)
    .action(async (tenant: string, options: NewToken) => create(open(), tenant, options));
  tokens
    .command('ls <tenant>')
    .description('Lists the tokens of a tenant, without their secrets.')
    .action(async (tenant: string) => list(open(), tenant));
  tokens
    .command('revoke <id>')
    .description('Revokes a token, everywhere within five seconds.')
    .action(async (id: string) => revoke(open(), id));
}

async function create(session: Session, tenant: string, options: NewToken): Promise<void> {
  const { client, json, stdout, stderr } = session;
  const { name, scope: scopes = USUAL_SCOPES, models, expires } = options;
  const request = { name, scopes, models, expires_at: expires };
  const path = tenantPath(tenant, '/tokens');
  const { body } = await client.call({
    method: 'POST',
    path,
    body: JSON.stringify(request),
    about: { tenant },
  });
  if (json) return stdout.write(`${toJson(body)}\n`);
  const token = toRecord(body, client.connection.url);
  stdout.write(`${textOf(token, 'token')}\n`);
  stderr.write(`${textOf(token, 'id')}: it is not shown again; npx inferq tokens revoke ends it\n`);
}

async function list({ client, json, stdout, stderr }: Session, tenant: string): Promise<void> {
  const { body } = await client.call({ path: tenantPath(tenant, '/tokens'), about: { tenant } });
  const tokens = recordsOf(body, client.connection.url);
  if (json) return stdout.write(`${toJson(body)}\n`);
  if (tokens.length === 0) return stderr.write(`${tenant} has no tokens\n`);
  const now = Date.now();
  const rows = tokens.map((token) => [
    textOf(token, 'id'),
    textOf(token, 'name'),
    `${textOf(token, 'prefix')}…`,
    listOf(token['scopes']),
    formatAge(textOf(token, 'last_used_at'), now),
    textOf(token, 'expires_at'),
    listOf(token['models']),
  ]);
  stdout.write(
    formatTable(['ID', 'NAME', 'TOKEN', 'SCOPES', 'LAST USED', 'EXPIRES', 'MODELS'], rows, stdout),
  );
}

function listOf(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : '–';
}

async function revoke({ client, json, stderr }: Session, id: string): Promise<void> {
  if (!/^[\w-]+$/.test(id) || id.startsWith('ifq_'))
    throw usage('It takes the id of a token, not the token', 'npx inferq tokens ls TENANT  lists them');
  await client.call({ method: 'DELETE', path: `/tokens/${id}`, about: { token: id } });
  if (!json) stderr.write(`${id} is revoked\n`);
}
