import type { JobStore, RunEventKind } from '../shared/ports.ts';
import type { StreamPart } from './protocols/protocol.ts';

const FLUSH_EVERY_MS = 25;

/**
 * Writes what a run says while it runs, several parts in one script call: a model may stream hundreds of tokens a
 * second. `onStale` is called when the run has been taken over or ended.
 */
export function createNarrator(
  store: JobStore,
  { run, token }: { run: string; token: number },
  onStale: () => void,
  onError: (error: unknown) => void,
) {
  let waiting: { kind: RunEventKind; data: string }[] = [];
  let writing = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let hasTold = false;

  async function write(): Promise<void> {
    timer = undefined;
    const events = waiting;
    waiting = [];
    if (events.length > 0 && !(await store.append(run, token, events))) onStale();
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    writing = writing.then(write).catch(onError);
    return writing;
  }

  return {
    tell(part: StreamPart): void {
      if (part.kind === 'done') return;
      hasTold = true;
      waiting.push(toEvent(part));
      timer ??= setTimeout(() => void flush(), FLUSH_EVERY_MS);
    },
    /** Resolves when all that was told is written; undefined where nothing ever was. */
    flush: (): Promise<void> | undefined => (hasTold ? flush() : undefined),
  };
}

function toEvent(part: Exclude<StreamPart, { kind: 'done' }>): { kind: RunEventKind; data: string } {
  if (part.kind === 'chunk') return { kind: 'output', data: JSON.stringify({ chunk: part.chunk }) };
  if (part.kind === 'log') return { kind: 'log', data: JSON.stringify({ message: part.message }) };
  const { progress, message } = part;
  return {
    kind: 'progress',
    data: JSON.stringify(message === undefined ? { progress } : { progress, message }),
  };
}
