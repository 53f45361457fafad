/** By what work is broken off: an AbortSignal, or what of one is used here. */
export interface BreakSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * Breaks off the work on one run, once. An AbortController would do: but its signal, made for every run, costs more than
 * all its listeners do, and in V8 it outlives what minor garbage collections take away.
 */
export class BreakController implements BreakSignal {
  aborted = false;
  reason: unknown;
  readonly #listeners: (() => void)[] = [];

  get signal(): BreakSignal {
    return this;
  }

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    for (let next = this.#listeners.shift(); next; next = this.#listeners.shift()) tell(next);
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  /** Each listener is called once at most, and never where it comes too late: as with an AbortSignal. */
  addEventListener(_type: 'abort', listener: () => void): void {
    if (!this.aborted) this.#listeners.push(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index >= 0) this.#listeners.splice(index, 1);
  }
}

/** One that throws keeps no other from being told; as with an AbortSignal that is an uncaught exception. */
function tell(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
