import test from 'ava';
import { BreakController, type BreakSignal } from '../../workers/break-signal.ts';

interface Controller {
  signal: BreakSignal;
  abort(reason: unknown): void;
}

const makers: [string, () => Controller][] = [
  ['an AbortController', () => new AbortController()],
  ['a BreakController', () => new BreakController()],
];

for (const [name, make] of makers) {
  test(`${name} tells who listens, once, and why`, (t) => {
    const controller = make();
    const { signal } = controller;
    const told: string[] = [];
    const left = (): void => void told.push('left');
    signal.addEventListener('abort', left, { once: true });
    signal.addEventListener('abort', () => told.push(`stays: ${String(signal.reason)}`), { once: true });
    signal.removeEventListener('abort', left);
    t.notThrows(() => signal.throwIfAborted());
    t.false(signal.aborted);
    controller.abort('first');
    controller.abort('second');
    signal.addEventListener('abort', () => told.push('too late'), { once: true });
    t.deepEqual(told, ['stays: first']);
    t.true(signal.aborted);
    t.is(signal.reason, 'first');
    t.is(thrownBy(signal), 'first');
  });

  test(`who stops listening to ${name} while it tells another is told nothing`, (t) => {
    const controller = make();
    const { signal } = controller;
    const told: string[] = [];
    const second = (): void => void told.push('second');
    const first = (): void => {
      told.push('first');
      signal.removeEventListener('abort', second);
    };
    signal.addEventListener('abort', first, { once: true });
    signal.addEventListener('abort', second, { once: true });
    controller.abort('now');
    t.deepEqual(told, ['first']);
  });
}

function thrownBy(signal: BreakSignal): unknown {
  try {
    signal.throwIfAborted();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}
