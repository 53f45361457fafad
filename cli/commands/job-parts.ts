import type { Command } from 'commander';
import { readLive } from '../../shared/live-body.ts';
import { toAttempt } from '../delivery.ts';
import { foreign } from '../failure.ts';
import { onInterrupt } from '../interrupt.ts';
import { readEvents } from '../job-events.ts';
import { jobPath } from '../job.ts';
import { parseJson } from '../json.ts';
import { createOutputPrinter, toJson } from '../output.ts';
import { recordsOf } from '../records.ts';
import type { Session } from '../session.ts';
import { describeInFull } from '../webhook-text.ts';
import { ofTenant, type OfTenant } from './option-values.ts';

interface EventOptions extends OfTenant {
  after?: string;
}

/** What belongs to a job, each alone. */
export function addJobParts(jobs: Command, open: () => Session): void {
  jobs
    .command('output <id>')
    .description('Prints the output alone, as the model gave it.')
    .addOption(ofTenant())
    .action(async (id: string, { tenant }: OfTenant) => output(open(), id, tenant));
  jobs
    .command('events <id>')
    .description('Prints what happens to a job, an event a line, to its end.')
    .option('--after <event>', 'only what came after the event with this id')
    .addOption(ofTenant())
    .action(async (id: string, options: EventOptions) => events(open(), id, options));
  jobs
    .command('deliveries <id>')
    .description('Each attempt to deliver the webhook of a job.')
    .addOption(ofTenant())
    .action(async (id: string, { tenant }: OfTenant) => deliveries(open(), id, tenant));
}

async function output({ client, json, stdout }: Session, id: string, tenant?: string): Promise<void> {
  const { body } = await client.call({ path: jobPath(id, '/output', tenant), about: { id } });
  if (json) return stdout.write(`${toJson(body)}\n`);
  const printer = createOutputPrinter(stdout);
  printer.complete(body);
  printer.close();
}

async function events(
  { client, json, stdout }: Session,
  id: string,
  { after, tenant }: EventOptions,
): Promise<void> {
  const interrupt = onInterrupt();
  const headers = { Accept: 'text/event-stream', ...(after === undefined ? {} : { 'Last-Event-ID': after }) };
  try {
    const path = jobPath(id, '/events', tenant);
    const { body } = await client.open({ path, headers, about: { id }, signal: interrupt.signal });
    if (!body) return;
    for await (const { id: event = '', event: type = '', data } of readEvents(readLive(body)))
      stdout.write(
        json
          ? `${JSON.stringify({ id: event, type, data: parseJson(data) })}\n`
          : `${event} ${type} ${data}\n`,
      );
  } catch (thrown) {
    interrupt.signal.throwIfAborted();
    if (!(thrown instanceof TypeError)) throw thrown;
    throw foreign(client.connection.url, 'the stream broke; --after goes on after an event', true);
  } finally {
    interrupt.stop();
  }
}

async function deliveries(
  { client, json, stdout, stderr }: Session,
  id: string,
  tenant?: string,
): Promise<void> {
  const { body } = await client.call({ path: jobPath(id, '/deliveries', tenant), about: { id } });
  if (json) return stdout.write(`${toJson(body)}\n`);
  const attempts = recordsOf(body, client.connection.url).map((each) =>
    toAttempt(each, client.connection.url),
  );
  for (const attempt of attempts)
    stdout.write(`${attempt.at} ${attempt.id} ${attempt.event} ${describeInFull(attempt)}\n`);
  if (attempts.length === 0) stderr.write('No delivery was tried\n');
}
