import type { Screen } from './terminal.ts';

export function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? 'null';
}

/** The output of a job on its way to the standard output: text as it is, anything else as JSON. */
export interface OutputPrinter {
  /** Prints a piece at once. */
  add(chunk: unknown): void;
  /** Forgets the pieces, as the model begins again; false when there were none. */
  restart(): boolean;
  /** Prints the whole, or what of it the pieces left out. */
  complete(output: unknown): void;
  /** Ends the line. Harmless when repeated or when nothing was printed. */
  close(): void;
}

export function createOutputPrinter(screen: Screen): OutputPrinter {
  let written = '';
  const write = (text: string) => {
    written += text;
    screen.write(text);
  };
  const close = () => {
    if (written !== '' && !written.endsWith('\n')) write('\n');
  };
  return {
    add: (chunk) => write(typeof chunk === 'string' ? chunk : `${JSON.stringify(chunk)}\n`),
    complete(output) {
      if (written === '') write(typeof output === 'string' ? output : toJson(output));
      // After a broken stream the tail may be missing; where the pieces do not fit the whole, nothing is guessed.
      else if (typeof output === 'string' && output.startsWith(written)) write(output.slice(written.length));
    },
    restart() {
      close();
      const had = written !== '';
      written = '';
      return had;
    },
    close,
  };
}
