import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { messageOf } from '../../shared/errors.ts';
import { DELIVERY_STATUSES } from '../../shared/webhooks/delivery-status.ts';
import { redeliveryPath, toAttempt, toDeliveries } from '../delivery.ts';
import { EXIT } from '../exit-code.ts';
import { foreign, Failure, usage } from '../failure.ts';
import { onInterrupt } from '../interrupt.ts';
import { isRecord } from '../json.ts';
import { toJson } from '../output.ts';
import type { Session } from '../session.ts';
import { describeAttempt, formatDeliveries, formatReceived } from '../webhook-text.ts';
import { collect, count, port, since } from './option-values.ts';

const EXAMPLES = `
Examples:
  $ npx inferq webhooks listen                                  receives, verifies and shows, on this machine
  $ npx inferq submit language-id -i text=Hallo --webhook http://127.0.0.1:9000/
  $ npx inferq webhooks listen --forward-to http://localhost:3000/hook
  $ npx inferq webhooks ls --status failed
  $ npx inferq webhooks replay --since 2h
  $ npx inferq webhooks verify body.json -H 'webhook-id: msg_…' -H 'webhook-timestamp: …' -H 'webhook-signature: …'`;

interface ListOptions {
  status?: string;
  since?: string;
  limit: number;
}

export function addWebhooks(program: Command, open: () => Session): void {
  const webhooks = program
    .command('webhooks')
    .description('Receives webhooks while you develop, lists deliveries, sends them again.');
  webhooks.addHelpText('after', EXAMPLES);
  webhooks
    .command('listen')
    .description('Receives webhooks on this machine, verifies them and shows them, until Ctrl-C.')
    .option('--port <port>', 'where it listens; 0: any free one', port, 9000)
    .option('--forward-to <url>', 'hand each genuine one on, with the same headers; its answer is the answer')
    .action(async (options: { port: number; forwardTo?: string }) => listen(open(), options));
  webhooks
    .command('ls')
    .description('Lists deliveries, newest first.')
    .addOption(new Option('--status <status>', 'that stand so').choices(DELIVERY_STATUSES))
    .option('--since <time>', 'that began since: 30m, 2h, 1d, or a time', since)
    .option('-n, --limit <count>', 'how many at most (100)', count, 20)
    .action(async (options: ListOptions) => list(open(), options));
  webhooks
    .command('replay [id]')
    .description('Sends a delivery again, or all that failed since a time.')
    .option('--since <time>', 'all that failed: 30m, 2h, 1d, or a time', since)
    .action(async (id: string | undefined, options: { since?: string }) => replay(open(), id, options.since));
  webhooks
    .command('test <url>')
    .description('Has the broker send a signed test event there, and tells what came of it.')
    .action(async (url: string) => test(open(), url));
  webhooks
    .command('verify <body>')
    .description('Says whether a message that was kept is genuine. The body: a file, exactly as it came.')
    .option('-H, --header <header>', "'name: value', as it came (repeatable)", collect, [])
    .option('--secret <secret>', 'whsec_…; that of this token by default')
    .action(async (body: string, options: { header: string[]; secret?: string }) =>
      verify(open(), body, options),
    );
  webhooks
    .command('secret')
    .description('Prints the secret that signs the webhooks.')
    .option('--rotate', 'make a new one; the one before signs on for a day')
    .action(async (options: { rotate?: boolean }) => secret(open(), options.rotate === true));
}

async function readSecret({ client }: Session, rotate = false): Promise<string> {
  const call = rotate
    ? ({ method: 'POST', path: '/webhooks/secret/rotate' } as const)
    : { path: '/webhooks/secret' };
  const { body } = await client.call(call);
  if (isRecord(body) && typeof body['secret'] === 'string') return body['secret'];
  throw foreign(client.connection.url, 'its answer is not a secret');
}

async function secret(session: Session, rotate: boolean): Promise<void> {
  const value = await readSecret(session, rotate);
  session.stdout.write(session.json ? `${toJson({ secret: value })}\n` : `${value}\n`);
}

async function list({ client, json, stdout, stderr }: Session, options: ListOptions): Promise<void> {
  const query = new URLSearchParams({ limit: String(Math.min(options.limit, 100)) });
  if (options.status !== undefined) query.set('status', options.status);
  if (options.since !== undefined) query.set('since', options.since);
  const { body } = await client.call({ path: `/webhooks/deliveries?${query.toString()}` });
  const { data, next } = toDeliveries(body, client.connection.url);
  if (json) return stdout.write(`${toJson(body)}\n`);
  if (data.length > 0) stdout.write(formatDeliveries(data, stdout, Date.now()));
  const note =
    data.length === 0 ? 'No deliveries.' : next === null ? '' : 'There are more: --limit 100, or --since';
  stderr.write(note && `${stderr.colors.dim(note)}\n`);
}

async function replay(session: Session, id: string | undefined, from: string | undefined): Promise<void> {
  if ((id === undefined) === (from === undefined))
    throw usage('It takes the id of a delivery, or --since', 'npx inferq webhooks replay --since 2h');
  const { client, json, stdout } = session;
  const call =
    id === undefined
      ? { path: '/webhooks/redeliver', body: JSON.stringify({ since: from }) }
      : { path: redeliveryPath(id), about: { delivery: id } };
  // Sent again or not, a message goes out once more: what waits already is only hastened.
  const { body } = await client.call({ method: 'POST', idempotent: true, ...call });
  if (json) return stdout.write(`${toJson(body)}\n`);
  if (id !== undefined) return stdout.write(`${id} will be sent again\n`);
  const { count, more } = isRecord(body) ? body : {};
  stdout.write(
    `${String(count)} will be sent again${more === true ? '; there are more: the same command again' : ''}\n`,
  );
}

async function test({ client, json, stdout }: Session, url: string): Promise<void> {
  const { body } = await client.call({
    method: 'POST',
    path: '/webhooks/test',
    body: JSON.stringify({ url }),
  });
  const attempt = toAttempt(body, client.connection.url);
  if (attempt.outcome === 'delivered')
    return stdout.write(
      json ? `${toJson(body)}\n` : `${stdout.colors.green('✓')} ${describeAttempt(attempt)}\n`,
    );
  const title = `The test event was not taken (${describeAttempt(attempt)})`;
  const detail = attempt.error === undefined ? {} : { detail: attempt.error };
  throw new Failure(EXIT.refused, { type: 'urn:inferq:cli:webhook-test', title, ...detail });
}

async function verify(
  session: Session,
  file: string,
  options: { header: string[]; secret?: string },
): Promise<void> {
  const headers = Object.fromEntries(options.header.map(readHeader));
  const body = await readFile(file, 'utf8').catch((error: unknown) => {
    throw usage(`${file} cannot be read: ${messageOf(error)}`);
  });
  const { verifyKept } = await import('../webhook-verification.ts');
  const verdict = verifyKept(options.secret ?? (await readSecret(session)), body, headers, Date.now());
  const { json, stdout } = session;
  if (!verdict.genuine) {
    const problem = {
      type: 'urn:inferq:cli:not-genuine',
      title: 'The message is not genuine',
      detail: verdict.why,
    };
    throw new Failure(EXIT.refused, problem, {
      cures: ['The body must be as it came, byte for byte; after a rotation name the older --secret'],
    });
  }
  const tooOld = Math.abs(verdict.age) > 300 ? '; a receiver refuses it, for more than 5 minutes' : '';
  stdout.write(
    json
      ? `${toJson(verdict)}\n`
      : `${stdout.colors.green('✓')} genuine, signed ${verdict.age} s ago${tooOld}\n`,
  );
}

function readHeader(line: string): [string, string] {
  const [, name = '', value = ''] = /^([\w-]+)\s*:\s*(.*)$/.exec(line) ?? [];
  if (name === '') throw usage(`-H ${line} is not 'name: value'`);
  return [name.toLowerCase(), value];
}

async function listen(
  session: Session,
  { port, forwardTo }: { port: number; forwardTo?: string },
): Promise<void> {
  if (forwardTo !== undefined && !/^https?:\/\//.test(forwardTo))
    throw usage(`--forward-to ${forwardTo} is not a URL`);
  const value = await readSecret(session);
  const { json, stdout, stderr } = session;
  const { startWebhookListener } = await import('../webhook-listener.ts');
  const listener = await startWebhookListener({
    secret: value,
    port,
    forwardTo,
    onReceived: (received) =>
      stdout.write(json ? `${JSON.stringify(received)}\n` : formatReceived(received, stdout)),
  }).catch((error: unknown) => {
    throw usage(`It cannot listen on port ${port}: ${messageOf(error)}`, '--port 0 takes any free one');
  });
  const interrupt = onInterrupt();
  if (json) stdout.write(`${JSON.stringify({ url: listener.url, secret: value })}\n`);
  else {
    stdout.write(`secret ${value}\nlistening ${listener.url}\n`);
    stderr.write(`${stderr.colors.dim(`Submit with --webhook ${listener.url}; Ctrl-C ends it`)}\n`);
  }
  if (!interrupt.signal.aborted)
    await new Promise((resolve) => interrupt.signal.addEventListener('abort', resolve, { once: true }));
  interrupt.stop();
  await listener.stop();
}
