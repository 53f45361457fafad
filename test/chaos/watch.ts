import yoctoSpinner from 'yocto-spinner';
import { cut, type Screen } from '../../cli/terminal.ts';

export interface Watch {
  show(text: string): void;
  /** A line that stays. */
  line(text: string): void;
  stop(): void;
}

const EVERY_MS = 30_000;

/** A line that lives on a terminal; elsewhere a line now and then. */
export function createWatch(screen: Screen): Watch {
  return screen.interactive ? liveLine(screen) : linesNowAndThen(screen);
}

function liveLine(screen: Screen): Watch {
  const spinner = yoctoSpinner({ stream: screen.stream, handleSignals: false });
  return {
    show(text) {
      if (!spinner.isSpinning) spinner.start();
      spinner.text = cut(text, screen.width - 3);
    },
    line(text) {
      spinner.stop();
      screen.write(`${text}\n`);
    },
    stop: () => void spinner.stop(),
  };
}

function linesNowAndThen(screen: Screen): Watch {
  let last = performance.now();
  return {
    show(text) {
      if (performance.now() - last < EVERY_MS) return;
      last = performance.now();
      screen.write(`${text}\n`);
    },
    line(text) {
      last = performance.now();
      screen.write(`${text}\n`);
    },
    stop: () => undefined,
  };
}
