import { createEvents, type Events, type InferqEvents } from '../events.ts';
import { createLogger, logEvents } from '../observe/log.ts';

export type Death = InferqEvents['process.died'];

/** Tells of deaths in the log of the role. The level is known to be one when a process has started. */
export function createDeathLog(role: string, level = 'info'): (death: Death) => void {
  let events: Events | undefined;
  return (death) => {
    events ??= openLog(role, level);
    events.emit('process.died', death);
  };
}

function openLog(role: string, level: string): Events {
  const events = createEvents();
  logEvents(events, createLogger(role, level));
  return events;
}
