import type { JobStore, RunEventKind } from '../shared/ports.ts';
import type { StreamPart } from './protocols/protocol.ts';

const FLUSH_EVERY_MS = 25;
/** Of one script call, during which Redis serves nobody else. In characters of JSON; a larger event goes alone. */
const BATCH = { events: 100, size: 64 * 1024 };
/** So many wait here at most. */
const MOST_BATCHES = 16;

interface TellableEvent {
  kind: RunEventKind;
  data: string;
}

/**
 * Writes what a run says while it runs, several parts in one script call: a model may stream hundreds of tokens a
 * second. One that streams more than Redis takes has to wait. `onStale` is called when the run has been taken over or
 * ended.
 */
export function createNarrator(
  store: JobStore,
  { run, token }: { run: string; token: number },
  onStale: () => void,
  onError: (error: unknown) => void,
) {
  let batches: { events: TellableEvent[]; size: number }[] = [];
  let writing = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let hasTold = false;

  function add(event: TellableEvent): void {
    const size = event.data.length;
    const last = batches.at(-1);
    if (last && last.events.length < BATCH.events && last.size + size <= BATCH.size) {
      last.events.push(event);
      last.size += size;
      return;
    }
    batches.push({ events: [event], size });
    // The one before is full.
    if (last) void flush();
  }

  async function write(): Promise<void> {
    // What is told meanwhile comes with the next flush: it would be many small calls otherwise.
    for (let left = batches.length; left > 0; left--) {
      const batch = batches.shift();
      if (batch) await append(batch.events).catch(onError);
    }
  }

  async function append(events: TellableEvent[]): Promise<void> {
    if (await store.append(run, token, events)) return;
    batches = [];
    onStale();
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write);
    return writing;
  }

  return {
    /** Where it answers with a promise, the next part is to be told when that has resolved. */
    tell(part: StreamPart): Promise<void> | undefined {
      if (part.kind === 'done') return undefined;
      hasTold = true;
      add(toEvent(part));
      if (batches.length > MOST_BATCHES) return flush();
      timer ??= setTimeout(() => void flush(), FLUSH_EVERY_MS);
      return undefined;
    },
    /** Resolves when all that was told is written; undefined where nothing ever was. */
    flush: (): Promise<void> | undefined => (hasTold ? flush() : undefined),
  };
}

function toEvent(part: Exclude<StreamPart, { kind: 'done' }>): TellableEvent {
  if (part.kind === 'chunk') return { kind: 'output', data: JSON.stringify({ chunk: part.chunk }) };
  if (part.kind === 'log') return { kind: 'log', data: JSON.stringify({ message: part.message }) };
  const { progress, message } = part;
  return {
    kind: 'progress',
    data: JSON.stringify(message === undefined ? { progress } : { progress, message }),
  };
}
