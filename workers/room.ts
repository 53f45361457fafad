/** What runs in a process: many at once, or one alone. */
export interface Room {
  /** Does work among others; while somebody is alone, or waits to be, it waits before the door. */
  enter<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Does work with nobody else inside. */
  enterAlone<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Takes a place among others without waiting, until `leave`; false where somebody is alone, or waits to be. */
  reserve(): boolean;
  leave(): void;
}

/** Whoever wants to be alone comes first, or would never be: a busy process is never empty by itself. */
export function createRoom(): Room {
  let inside = 0;
  let isAlone = false;
  const loners: (() => void)[] = [];
  const others: (() => void)[] = [];

  function openDoor(): void {
    if (isAlone) return;
    if (loners.length > 0) {
      if (inside > 0) return;
      isAlone = true;
      inside = 1;
      loners.shift()?.();
      return;
    }
    inside += others.length;
    for (const enter of others.splice(0)) enter();
  }

  async function wait(queue: (() => void)[]): Promise<void> {
    await new Promise<void>((resolve) => {
      queue.push(resolve);
      openDoor();
    });
  }

  function leave(): void {
    inside -= 1;
    isAlone = false;
    openDoor();
  }

  async function visit<Result>(queue: (() => void)[], work: () => Promise<Result>): Promise<Result> {
    await wait(queue);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  return {
    enter: (work) => visit(others, work),
    enterAlone: (work) => visit(loners, work),
    reserve() {
      if (isAlone || loners.length > 0) return false;
      inside += 1;
      return true;
    },
    leave,
  };
}
