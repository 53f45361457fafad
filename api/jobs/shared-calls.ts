/**
 * Makes calls with the same arguments one: who asks while one is under way shares the next, which begins after he has
 * asked and so sees all that he could know of. Hundreds of streams of one job ask Redis no more than two do.
 */
export function shareCalls<Args extends readonly (string | number)[], Result>(
  call: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  const calls = new Map<string, { running: Promise<Result>; next?: Promise<Result> }>();

  function begin(key: string, args: Args): Promise<Result> {
    const running = call(...args);
    const entry = { running };
    calls.set(key, entry);
    const ended = (): void => {
      if (calls.get(key) === entry && !('next' in entry)) calls.delete(key);
    };
    running.then(ended, ended);
    return running;
  }

  return (...args) => {
    const key = args.join(' ');
    const entry = calls.get(key);
    if (!entry) return begin(key, args);
    const beginNext = (): Promise<Result> => begin(key, args);
    entry.next ??= entry.running.then(beginNext, beginNext);
    return entry.next;
  };
}

/**
 * Lets so many go on in one turn of the event loop, and the others in the turns that follow, so that what one event
 * sets off for hundreds of streams does not keep everybody else waiting.
 */
export function createStreamTurns(atOnce: number): () => Promise<void> {
  let waiting: (() => void)[] = [];
  function next(): void {
    const now = waiting.slice(0, atOnce);
    waiting = waiting.slice(atOnce);
    if (waiting.length > 0) setImmediate(next);
    for (const go of now) go();
  }
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 1) setImmediate(next);
    });
}
