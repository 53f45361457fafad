type Work = () => void;

/** What a turn of the event loop asked of Redis is put together in batches first, and then sent. */
type Step = 'batch' | 'send';

let due: Record<Step, Work[]> | undefined;

/** Does the work when the turn is over. What is to be sent for a batch is sent with it, not a turn later. */
export function atTurnEnd(step: Step, work: Work): void {
  if (!due) {
    due = { batch: [], send: [] };
    setImmediate(endTurn);
  }
  due[step].push(work);
}

function endTurn(): void {
  const { batch, send } = due ?? { batch: [], send: [] };
  try {
    // Grows while the batches are put together.
    for (const work of batch) work();
  } finally {
    due = undefined;
    for (const work of send) work();
  }
}
