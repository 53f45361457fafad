import yoctoSpinner from 'yocto-spinner';
import { formatSeconds } from './duration.ts';
import { cut, type Screen } from './terminal.ts';

/** Where the progress of what takes a while is shown. */
export interface Display {
  show(text: string): void;
  /** A line that stays, of no importance once `stop` has given the terminal to something else. */
  line(text: string): void;
  /** Takes away what was drawn. Harmless when repeated. */
  stop(): void;
}

export const SILENT: Display = { show: () => {}, line: () => {}, stop: () => {} };

export function createDisplay(screen: Screen): Display {
  return screen.interactive ? createSpinner(screen) : createLines(screen);
}

const TICK_MS = 200;

function createSpinner(screen: Screen): Display {
  // The signals are the command's: what Ctrl-C has to say comes after the spinner.
  const spinner = yoctoSpinner({ stream: screen.stream, handleSignals: false });
  const started = performance.now();
  let text = '';
  let ticker: NodeJS.Timeout | undefined;
  let stopped = false;
  const draw = () => {
    const elapsed = ` (${formatSeconds(Math.floor((performance.now() - started) / 1000))})`;
    // Two columns for the spinner and its space, one so that the line never wraps.
    spinner.text = cut(text, screen.width - elapsed.length - 3) + screen.colors.dim(elapsed);
  };
  return {
    show(newest) {
      text = newest;
      if (stopped) return;
      // Not before: to set the text is to draw it, spinning or not.
      ticker ??= setInterval(draw, TICK_MS);
      if (!spinner.isSpinning) spinner.start();
      draw();
    },
    line(text) {
      if (!stopped) screen.write(`${text}\n`);
    },
    stop() {
      stopped = true;
      clearInterval(ticker);
      spinner.stop();
    },
  };
}

/** For files and pipes: a line when something changed, nothing drawn over. */
function createLines(screen: Screen): Display {
  let last = '';
  const line = (text: string) => screen.write(`${text}\n`);
  return {
    show(text) {
      if (text !== last) line(text);
      last = text;
    },
    line,
    stop: () => {},
  };
}
