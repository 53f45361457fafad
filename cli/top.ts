import process from 'node:process';
import { formatSeconds } from './duration.ts';
import { describeWorst } from './endpoint-text.ts';
import { Failure } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import { nameOf } from './model-text.ts';
import type { Model } from './model.ts';
import { toJson } from './output.ts';
import { createOverviewReader, type Overview } from './overview.ts';
import { pause } from './pause.ts';
import type { Session } from './session.ts';
import { formatTable } from './table.ts';
import { cut, type Screen } from './terminal.ts';

/** What is most wanted first: a narrow terminal shows the first columns. */
const HEADINGS = [
  'MODEL',
  'ENDPOINTS',
  'RUNNING',
  'BACKLOG',
  'OLDEST',
  'RUN P50',
  'RUN P95',
  'WAIT P50',
  'WAIT P95',
];

/** Draws over the whole terminal until q or Ctrl-C, and leaves it as it was; without a terminal it looks once. */
export async function top(session: Session, interval: number): Promise<void> {
  const { json, stdout } = session;
  if (json || !stdout.interactive) return once(session);
  const interrupt = onInterrupt();
  const keyboard = listenToKeys();
  const over = AbortSignal.any([interrupt.signal, keyboard.signal]);
  // The other screen, without a cursor: what was there before comes back at the end.
  stdout.write('\u001b[?1049h\u001b[?25l');
  try {
    await redraw(session, interval, over);
  } catch (thrown) {
    if (!keyboard.signal.aborted) throw thrown;
  } finally {
    stdout.write('\u001b[?25h\u001b[?1049l');
    keyboard.stop();
    interrupt.stop();
  }
}

async function once({ client, json, stdout }: Session): Promise<void> {
  // For programs the list of models, whatever the token: what they read is of one shape.
  if (json) return stdout.write(`${toJson((await client.call({ path: '/models' })).body)}\n`);
  stdout.write(formatTop(await createOverviewReader(client)(), stdout));
}

async function redraw({ client, stdout }: Session, interval: number, signal: AbortSignal): Promise<never> {
  const read = createOverviewReader(client);
  for (;;) {
    const text = await look(read, stdout, signal);
    // Some terminals say 0 when they do not know.
    const rows = process.stdout.rows || 24;
    const head = `inferq top · ${client.connection.url} · ${new Date().toLocaleTimeString('en-GB')} · q quits`;
    const lines = [stdout.colors.dim(cut(head, stdout.width)), '', ...text.trimEnd().split('\n')].slice(
      0,
      rows - 1,
    );
    // Line by line over what stood there: to clear it first would flicker.
    stdout.write(`\u001b[H${lines.map((line) => `${line}\u001b[K\r\n`).join('')}\u001b[J`);
    await pause(interval, signal);
  }
}

/** The table, or what is wrong: a broker that is away for a moment ends nothing. */
async function look(
  read: ReturnType<typeof createOverviewReader>,
  screen: Screen,
  signal: AbortSignal,
): Promise<string> {
  try {
    return formatTop(await read({ tries: 1, timeout: 10, signal }), screen);
  } catch (thrown) {
    if (!(thrown instanceof Failure) || signal.aborted || !thrown.transient) throw thrown;
    const { title, detail = '' } = thrown.problem;
    return cut(`${title}: ${detail}`, screen.width);
  }
}

/** Those with the most to do first. */
function formatTop(overview: Overview, screen: Screen): string {
  const { models, rate } = overview;
  const sums = rate === undefined ? '' : `${cut(describeSums(overview, rate), screen.width)}\n`;
  if (models.length === 0) return `${sums}No models\n`;
  const rows = models
    .toSorted((one, other) => work(other) - work(one))
    .map((model) => [
      nameOf(model) + (model.paused ? ' (paused)' : ''),
      describeWorst(model.endpoints),
      String(model.running ?? '–'),
      String(model.backlog ?? '–'),
      ...(rate === undefined ? [] : [(model.rate ?? 0).toFixed(1)]),
      duration(model.oldestWait),
      duration(model.p50),
      duration(model.p95),
      duration(model.waitP50),
      duration(model.waitP95),
    ]);
  const headings = rate === undefined ? HEADINGS : HEADINGS.toSpliced(4, 0, 'JOBS/S');
  return sums + formatTable(headings, rows, screen);
}

/** `12.5 jobs/s · 2 workers · Redis 10 of 512 MB`. */
function describeSums({ workers, memory }: Overview, rate: number): string {
  const parts = [`${rate.toFixed(1)} jobs/s`];
  if (workers !== undefined) parts.push(`${workers.length} ${workers.length === 1 ? 'worker' : 'workers'}`);
  if (memory)
    parts.push(
      `Redis ${megabytes(memory.used)}${memory.limit > 0 ? ` of ${megabytes(memory.limit)}` : ''} MB`,
    );
  return parts.join(' · ');
}

function megabytes(bytes: number): string {
  return String(Math.round(bytes / 1e6));
}

function duration(seconds: number | undefined): string {
  return seconds === undefined ? '–' : formatSeconds(seconds);
}

/** Aborts on q, Escape and Ctrl-C, which a raw terminal hands over as a key. */
function listenToKeys() {
  const controller = new AbortController();
  const { stdin } = process;
  const listen = (keys: Buffer) => {
    if (['q', 'Q', '\u001b', '\u0003'].includes(keys.toString())) controller.abort();
  };
  if (stdin.isTTY) {
    stdin.setRawMode(true);
    stdin.on('data', listen);
  }
  return {
    signal: controller.signal,
    stop(): void {
      if (!stdin.isTTY) return;
      stdin.off('data', listen);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}

function work({ backlog = 0, running = 0 }: Model): number {
  return backlog + running;
}
