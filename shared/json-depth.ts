/**
 * How deep the answer of a model, and an output, may be nested. Readers that recurse end at a thousand, as Python's
 * does, and `JSON.stringify` takes time with the square of the depth: four million levels hold a process for ten seconds.
 */
export const OUTPUT_DEPTH = 500;

const Char = { quote: 34, open: 91, close: 93, openObject: 123, closeObject: 125 } as const;

/** Whether a text is nested deeper than `most`. It is for texts that may not be JSON: it is to be asked before a parser. */
export function isNestedDeeper(text: string, most: number): boolean {
  if (text.length <= most) return false;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === Char.quote) at = endOfString(text, at);
    else if (char === Char.close || char === Char.closeObject) depth -= 1;
    else if (char === Char.open || char === Char.openObject) {
      depth += 1;
      if (depth > most) return true;
    }
  }
  return false;
}

/** Where the quote is that ends the string, or the text. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end > 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
