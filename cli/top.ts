import process from 'node:process';
import type { Client } from './client.ts';
import { formatSeconds } from './duration.ts';
import { Failure } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import { nameOf } from './model-text.ts';
import { toModels, type Model } from './model.ts';
import { toJson } from './output.ts';
import { pause } from './pause.ts';
import type { Session } from './session.ts';
import { formatTable } from './table.ts';
import { cut, type Screen } from './terminal.ts';

const HEADINGS = [
  'MODEL',
  'RUNNING',
  'BACKLOG',
  'OLDEST',
  'RUN P50',
  'RUN P95',
  'WAIT P50',
  'WAIT P95',
  'ENDPOINTS',
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
  const { body } = await client.call({ path: '/models' });
  const models = toModels(body, client.connection.url);
  stdout.write(json ? `${toJson(body)}\n` : formatTop(models, stdout));
}

async function redraw({ client, stdout }: Session, interval: number, signal: AbortSignal): Promise<never> {
  for (;;) {
    const text = await look(client, stdout, signal);
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
async function look(client: Client, screen: Screen, signal: AbortSignal): Promise<string> {
  try {
    const { body } = await client.call({ path: '/models', tries: 1, timeout: 10, signal });
    return formatTop(toModels(body, client.connection.url), screen);
  } catch (thrown) {
    if (!(thrown instanceof Failure) || signal.aborted || !thrown.transient) throw thrown;
    const { title, detail = '' } = thrown.problem;
    return cut(`${title}: ${detail}`, screen.width);
  }
}

/** Those with the most to do first. */
function formatTop(models: readonly Model[], screen: Screen): string {
  if (models.length === 0) return 'No models\n';
  const rows = models
    .toSorted((one, other) => work(other) - work(one))
    .map((model) => [
      nameOf(model) + (model.paused ? ' (paused)' : ''),
      String(model.running ?? '–'),
      String(model.backlog ?? '–'),
      duration(model.oldestWait),
      duration(model.p50),
      duration(model.p95),
      duration(model.waitP50),
      duration(model.waitP95),
      model.endpoints.some(({ healthy }) => healthy === false) ? 'out of order' : 'in order',
    ]);
  return formatTable(HEADINGS, rows, screen);
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
