import { pino, type Level, type Logger } from 'pino';
import type { EventName, Events } from '../events.ts';

const LEVELS = {
  'request.answered': 'debug',
  'request.crashed': 'error',
  'job.admitted': 'info',
  'job.started': 'debug',
  'job.ended': 'info',
  'attempt.failed': 'warn',
  'attempt.refused': 'info',
  'webhook.attempted': 'info',
  'models.loaded': 'info',
  'models.refused': 'error',
  'redis.failed': 'warn',
  'role.started': 'info',
  'role.stopping': 'info',
} as const satisfies Record<EventName, Level>;

/** A logger of JSON lines on stdout. */
export function createLogger(role: string, level: string): Logger {
  return pino({ level, base: { role }, timestamp: pino.stdTimeFunctions.isoTime, serializers: { error: describe } });
}

/** Turns each event into a log line. */
export function logEvents(events: Events, logger: Logger): void {
  for (const name of eventNames()) events.on(name, (details) => logger[LEVELS[name]](details, name));
}

function eventNames(): EventName[] {
  return Object.keys(LEVELS).filter((name): name is EventName => name in LEVELS);
}

function describe(error: unknown): unknown {
  return error instanceof Error ? { message: error.message, stack: error.stack } : String(error);
}
