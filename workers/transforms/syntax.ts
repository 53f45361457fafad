import jsonata from 'jsonata';
import { describeFault } from './transform-fault.ts';

/**
 * What keeps a text from being a JSONata expression, as a sentence with the place of the fault; undefined if nothing.
 * Parsing is safe here: it runs nothing, and the worst that 64 KB were found to do took 50 ms.
 */
export function syntaxFault(expression: string): string | undefined {
  try {
    jsonata(expression);
    return undefined;
  } catch (thrown) {
    return `${describeFault(toFault(thrown))}.`;
  }
}

/** JSONata throws plain objects; what is nested too deeply overflows the stack as an Error. */
function toFault(thrown: unknown): { message: string; position?: number; token?: string } {
  if (thrown instanceof RangeError) return { message: 'The expression is nested too deeply' };
  const { message, position, token }: { message?: unknown; position?: unknown; token?: unknown } =
    Object(thrown);
  return {
    message: String(message),
    ...(typeof position === 'number' ? { position } : {}),
    ...(typeof token === 'string' ? { token } : {}),
  };
}
