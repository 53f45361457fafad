import jsonata from 'jsonata';

/** What JSONata says of an expression that it cannot parse or evaluate. */
export interface ExpressionFault {
  message: string;
  /** Of the fault in the expression, from 1. */
  position?: number;
  token?: string;
}

/** What is wrong and where: `Attempted to invoke a non-function, at character 13 ("foo")`. */
export function describeFault({ message, position, token }: ExpressionFault): string {
  if (position === undefined) return message;
  return `${message}, at character ${position}${token === undefined || token === '(end)' ? '' : ` ("${token}")`}`;
}

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
function toFault(thrown: unknown): ExpressionFault {
  if (thrown instanceof RangeError) return { message: 'The expression is nested too deeply' };
  const { message, position, token }: { message?: unknown; position?: unknown; token?: unknown } =
    Object(thrown);
  return {
    message: String(message),
    ...(typeof position === 'number' ? { position } : {}),
    ...(typeof token === 'string' ? { token } : {}),
  };
}
