/** A second signal after this time is a person's impatience; before, it is the same Ctrl-C by another way. */
const SAME_SIGNAL_MS = 1000;
/** What is left to close once the work is done or put back. */
export const CLOSING_MS = 5000;

/**
 * Ends a role whose supervisor is gone before it has started, wherever it is by then: it has taken nothing yet that it
 * would have to put back. Answers what ends the watch.
 */
export function endWithSupervisor(): () => void {
  // The channel may have closed while our modules were loaded, when nobody listened yet.
  if (process.send && !process.connected) exitAtOnce();
  process.on('disconnect', exitAtOnce);
  return () => process.off('disconnect', exitAtOnce);
}

function exitAtOnce(): void {
  process.exit(1);
}

/**
 * How a role ends by signals: the first one stops it in order, and the process is over when that is done, or when it
 * takes too long: with Redis away, some of it waits for ever.
 */
export function stopOnSignals(
  stop: (deadlineMs: number) => Promise<void>,
  deadlineOf: () => number,
  onStopping: (reason: string) => void,
): void {
  let since: number | undefined;
  const begin = (reason: string): void => {
    if (since !== undefined) {
      if (performance.now() - since > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    since = performance.now();
    onStopping(reason);
    const deadlineMs = deadlineOf();
    setTimeout(() => process.exit(1), deadlineMs + CLOSING_MS);
    stop(deadlineMs).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', () => begin('SIGTERM'));
  process.on('SIGINT', () => begin('SIGINT'));
  // Under `npm start` a role goes when its supervisor does.
  process.on('disconnect', () => begin('the supervisor is gone'));
}
