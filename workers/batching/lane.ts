/** One that waits for a batch. */
export interface Passenger {
  /** Aborted when nobody waits for it any more. */
  signal: AbortSignal;
}

export interface LaneParts<Item extends Passenger> {
  maxSize: number;
  maxDelayMs: number;
  /** Waits until a call may be made; meanwhile more may come. */
  admit(): Promise<() => Promise<void>>;
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
    const release = await parts.admit();
    asked -= 1;
    const live = waiting.filter(({ signal }) => !signal.aborted);
    const batch = live.slice(0, maxSize);
    waiting = live.slice(maxSize);
    askForFull();
    try {
      if (batch.length > 0) await parts.send(batch);
    } finally {
      await release();
    }
  }

  return {
    add(item) {
      waiting.push(item);
      askForFull();
    },
    isIdle: () => waiting.length === 0 && sending === 0,
  };
}
