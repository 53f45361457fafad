/** Alive without computing for so long, a process is stuck for a reason that is not in the expression. */
const STUCK_MS = 5000;

/** What is known of an evaluation that has not answered yet. */
export interface Silence {
  limitMs: number;
  /** Since the process was last heard of. */
  wallMs: number;
  /** What it computed since then; undefined where the system does not tell. */
  cpuMs: number | undefined;
}

export type Verdict = { kind: 'wait'; ms: number } | { kind: 'over the limit' } | { kind: 'stuck' };

/**
 * Counts the time that a process computed, not the time that passed: in a container at its CPU limit, or on a busy
 * machine, an innocent process may stand still for longer than the limit. Where only the clock is known, it decides.
 */
export function judgeSilence({ limitMs, wallMs, cpuMs = wallMs }: Silence): Verdict {
  const left = limitMs - Math.min(wallMs, cpuMs);
  if (left <= 0) return { kind: 'over the limit' };
  return wallMs < STUCK_MS ? { kind: 'wait', ms: Math.ceil(left) } : { kind: 'stuck' };
}

export interface SilenceWatch {
  /** Something is sent to the process; its time starts now if it had nothing to do. */
  expect(wasIdle: boolean): void;
  /** The process was heard of; `cpuMs` is what it has computed since its start, where it said so. */
  heard(cpuMs?: number): void;
  stop(): void;
}

export interface SilenceWatchOptions {
  limitMs: number;
  isBusy: () => boolean;
  /** What the process has computed since its start, as the system sees it. */
  cpuMs: () => number | undefined;
  onSilence: (kind: 'over the limit' | 'stuck') => void;
}

/** Tells once when a process that has something to do says nothing for too long. */
export function watchSilence({ limitMs, isBusy, cpuMs, onSilence }: SilenceWatchOptions): SilenceWatch {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let heardAt = performance.now();
  let heardCpuMs = 0;

  /** One timer at a time, which may find out late that it was not needed: resetting it for each answer costs more. */
  function arm(ms: number): void {
    if (!stopped) timer ??= setTimeout(look, ms);
  }

  function look(): void {
    timer = undefined;
    if (!isBusy()) return;
    const computed = cpuMs();
    const verdict = judgeSilence({
      limitMs,
      wallMs: performance.now() - heardAt,
      cpuMs: computed === undefined ? undefined : computed - heardCpuMs,
    });
    if (verdict.kind === 'wait') arm(verdict.ms);
    else tellUnlessHeard(verdict.kind, heardAt);
  }

  /** If it was this process that stood still, the answer may be waiting to be read. */
  function tellUnlessHeard(kind: 'over the limit' | 'stuck', before: number): void {
    setImmediate(() => {
      if (heardAt !== before) arm(limitMs);
      else if (!stopped) onSilence(kind);
    });
  }

  return {
    expect(wasIdle) {
      if (wasIdle) heardAt = performance.now();
      arm(limitMs);
    },
    heard(said) {
      heardAt = performance.now();
      heardCpuMs = said ?? heardCpuMs;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
