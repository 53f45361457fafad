/** So much is written at once at most: others have their turn between two pieces. In UTF-16 units. */
export const PIECE = 64 * 1024;

/** A text in pieces. */
export function* slices(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    const to = from + PIECE;
    // Not between the halves of a character.
    const end = (text.codePointAt(to - 1) ?? 0) > 0xffff ? to + 1 : to;
    yield text.slice(from, end);
    from = end;
  }
}
