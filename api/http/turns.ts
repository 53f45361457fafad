/** Does a step of work, at once or when it is its turn. */
export type InTurn = <Result>(step: () => Result) => Result | Promise<Result>;

/** Small enough to be done at once. */
const SMALL_BYTES = 64 * 1024;

/** For what is small. */
export const atOnce: InTurn = (step) => step();

/**
 * Work on large bodies, one step a turn of the event loop, whoever's they are: a body of a megabyte can take tens of
 * milliseconds to parse, and again to check and to digest, while others wait for an answer.
 */
export function createTurns(): (bytes: number) => InTurn {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn: InTurn = (step) => {
    const result = last.then(nextTurn).then(step);
    // The next one's turn comes whether this one failed or not; whoever asked for it is told.
    last = result.then(nothing, nothing);
    return result;
  };
  return (bytes) => (bytes <= SMALL_BYTES ? atOnce : inTurn);
}

/** Lets everybody else have a turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function nothing(): void {}
