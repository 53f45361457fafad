import { pino, type Level, type Logger } from 'pino';
import type { EventName, Events } from '../events.ts';
import { toTime } from '../stored-job.ts';
import { parseTraceparent, type Place } from './trace-context.ts';

const LEVELS = {
  'request.answered': 'debug',
  'request.crashed': 'error',
  'job.admitted': 'info',
  'job.started': 'debug',
  'job.ended': 'info',
  'attempt.ended': 'debug',
  'attempt.failed': 'warn',
  'attempt.refused': 'info',
  'endpoint.first_token': 'debug',
  'endpoint.busy': 'debug',
  'batch.sent': 'trace',
  'endpoint.called': 'trace',
  'model.called': 'trace',
  'endpoint.opened': 'warn',
  'endpoint.probed': 'debug',
  'endpoint.closed': 'info',
  'webhook.attempted': 'info',
  'webhook.put_off': 'debug',
  'models.loaded': 'info',
  'models.refused': 'error',
  'model.unserved': 'warn',
  'models.doubted': 'warn',
  'discovery.failed': 'warn',
  'discovery.refused': 'warn',
  'pod.unmarked': 'warn',
  'jwks.failed': 'warn',
  'blobs.failed': 'warn',
  'adapter.failed': 'warn',
  'traces.failed': 'warn',
  'redis.failed': 'warn',
  'process.died': 'error',
  'role.started': 'info',
  'role.stopping': 'info',
} as const satisfies Record<EventName, Level>;

const REPEAT_AFTER_MS = 10_000;
/** What is told again and again while it lasts. */
const REPEATED: ReadonlySet<EventName> = new Set([
  'redis.failed',
  'blobs.failed',
  'adapter.failed',
  'discovery.failed',
]);

/** As pino numbers its levels. */
const WARN = 40;
/** Lines are written together, a write costs more than a line; but none waits for longer than a glance takes. */
const TOGETHER = { bytes: 8192, everyMs: 50 };
/** Of several processes that write into one pipe: it takes up to 4096 bytes as a whole (PIPE_BUF). */
const SHARED_BYTES = 2048;

/**
 * A logger of JSON lines on stdout. What went wrong is written at once, the rest at the end of the process at latest.
 * One of several processes has its number in each line.
 */
export function createLogger(role: string, level: string, number?: number): Logger {
  const isShared = number !== undefined;
  const destination = gatherLines(isShared ? SHARED_BYTES : TOGETHER.bytes);
  process.on('exit', () => destination.writeOut());
  return pino(
    {
      level,
      base: { role, ...(isShared && { process: number }) },
      timestamp: () => `,"time":"${toTime(Date.now())}"`,
      serializers: { error: describe, trace: traceIdOf },
      hooks: {
        logMethod(given, method, severity) {
          method.apply(this, given);
          if (severity >= WARN) destination.writeOut();
        },
      },
    },
    destination,
  );
}

/** pino's own destination gathers lines too, but copies all that it has with each of them, to count its bytes. */
function gatherLines(least: number): { write(line: string): void; writeOut(): void } {
  const stdout = pino.destination({ dest: 1, sync: true });
  let text = '';
  let bytes = 0;

  function flush(): void {
    const gathered = text;
    text = '';
    bytes = 0;
    if (gathered !== '') stdout.write(gathered);
  }

  setInterval(flush, TOGETHER.everyMs).unref();
  return {
    writeOut() {
      flush();
      stdout.flushSync();
    },
    write(line) {
      text += line;
      bytes += Buffer.byteLength(line);
      if (bytes >= least) flush();
    },
  };
}

/** Turns each event into a log line. */
export function logEvents(events: Events, logger: Logger): void {
  for (const name of eventNames()) {
    if (!logger.isLevelEnabled(LEVELS[name])) continue;
    const isNew = REPEATED.has(name) ? createRepetitionFilter() : () => true;
    events.on(name, (details) => {
      if (isNew(details)) logger[LEVELS[name]](details, name);
    });
  }
}

/**
 * While Redis is away every connection says so several times a second; once in ten seconds is enough to read. What else
 * fails by the same fault is told of by itself.
 */
function createRepetitionFilter(): (details: object) => boolean {
  const told = new Map<string, number>();
  return (details) => {
    const kind = JSON.stringify(details, (_key, value: unknown) =>
      value instanceof Error ? value.message : value,
    );
    const last = told.get(kind) ?? Number.NEGATIVE_INFINITY;
    if (performance.now() - last < REPEAT_AFTER_MS) return false;
    if (told.size > 100) told.clear();
    told.set(kind, performance.now());
    return true;
  };
}

/** A line has the id of its trace alone. */
function traceIdOf(place: Place): string | undefined {
  return parseTraceparent(place.own)?.traceId;
}

function eventNames(): EventName[] {
  return Object.keys(LEVELS).filter((name): name is EventName => name in LEVELS);
}

function describe(error: unknown): unknown {
  return error instanceof Error ? { message: error.message, stack: error.stack } : String(error);
}
