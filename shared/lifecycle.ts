/** How a role ends by signals: the first one stops it in order, and the process is over when that is done. */
export function stopOnSignals(
  stop: (deadlineMs: number) => Promise<void>,
  deadlineMs: number,
  onStopping: (reason: string) => void,
): void {
  let stopping = false;
  const begin = (reason: string): void => {
    if (stopping) return;
    stopping = true;
    onStopping(reason);
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
