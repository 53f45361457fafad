import type { BreakSignal } from '../break-signal.ts';

/** One that waits for a batch. */
export interface Passenger {
  /** Aborted when nobody waits for it any more. */
  signal: BreakSignal;
}

export interface LaneParts<Item extends Passenger> {
  maxSize: number;
  maxDelayMs: number;
  /** Waits until a call may be made; meanwhile more may come. Undefined where the signal aborts: nobody waits. */
  admit(signal: BreakSignal): Promise<(() => Promise<void>) | undefined>;
  /** Sees a batch of one or more through; never throws. */
  send(items: Item[]): Promise<void>;
}

export interface Lane<Item extends Passenger> {
  add(item: Item): void;
  /** Whether anything waits or is being sent. */
  isIdle(): boolean;
}

/**
 * Gathers what comes for one kind of call into batches: one goes when it is full, or when its first has waited for
 * `maxDelayMs`. Where calls must wait for their turn, they take what has gathered until then.
 */
export function createLane<Item extends Passenger>(parts: LaneParts<Item>): Lane<Item> {
  const { maxSize, maxDelayMs } = parts;
  let waiting: Item[] = [];
  let sending = 0;
  let asked = 0;
  let nobody = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  /** Those for whom no call has been asked for yet. */
  const unasked = (): number => waiting.length - asked * maxSize;

  function askForFull(): void {
    while (unasked() >= maxSize) ask();
    if (unasked() > 0) timer ??= setTimeout(askForRest, maxDelayMs);
  }

  function askForRest(): void {
    timer = undefined;
    if (unasked() > 0) ask();
  }

  function ask(): void {
    clearTimeout(timer);
    timer = undefined;
    asked += 1;
    sending += 1;
    void sendNext().finally(() => (sending -= 1));
  }

  async function sendNext(): Promise<void> {
    const release = await parts.admit(nobody.signal);
    asked -= 1;
    const batch = release ? waiting.splice(0, maxSize) : [];
    askForFull();
    if (!release) return;
    try {
      if (batch.length > 0) await parts.send(batch);
    } finally {
      await release();
    }
  }

  function leave(item: Item): void {
    waiting = waiting.filter((other) => other !== item);
    if (waiting.length > 0) return;
    clearTimeout(timer);
    timer = undefined;
    nobody.abort();
    nobody = new AbortController();
  }

  return {
    add(item) {
      if (item.signal.aborted) return;
      waiting.push(item);
      item.signal.addEventListener('abort', () => leave(item), { once: true });
      askForFull();
    },
    isIdle: () => waiting.length === 0 && sending === 0,
  };
}
