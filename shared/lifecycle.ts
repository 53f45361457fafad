/** What everything that runs can do; harmless when done twice or never started. */
export interface Lifecycle {
  start(): Promise<void>;
  /** Takes nothing new. */
  quiet(): Promise<void>;
  /** Finishes what runs until the deadline (milliseconds from now), then breaks it off cleanly. */
  stop(deadlineMs: number): Promise<void>;
}

/** How a role ends by signals: the first one stops it in order, the process then exits by itself. */
export function stopOnSignals(role: Pick<Lifecycle, 'stop'>, deadlineMs: number, stopping: (reason: string) => void): void {
  let stopped: Promise<void> | undefined;
  const stop = (reason: string): void => {
    if (stopped) return;
    stopping(reason);
    stopped = role.stop(deadlineMs).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  // Under `npm start` the role goes when its supervisor does.
  process.on('disconnect', () => stop('the supervisor is gone'));
}
