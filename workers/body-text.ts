const utf8 = new TextDecoder();

/** The text of a body that comes in pieces. */
export interface BodyText {
  add(piece: Uint8Array): void;
  /** In bytes, so far. */
  length(): number;
  read(): string;
}

/**
 * Copies the pieces together: each is an object of some hundred bytes, however few it holds, and a server may send a
 * body of megabytes byte by byte. The first stays as it came, as most bodies are in one piece.
 */
export function createBodyText(): BodyText {
  let bytes: Uint8Array = new Uint8Array();
  let length = 0;

  function makeRoom(end: number): void {
    const larger = new Uint8Array(Math.max(end, 2 * bytes.length));
    larger.set(bytes.subarray(0, length));
    bytes = larger;
  }

  return {
    add(piece) {
      const end = length + piece.length;
      if (length === 0) bytes = piece;
      else {
        if (end > bytes.length) makeRoom(end);
        bytes.set(piece, length);
      }
      length = end;
    },
    length: () => length,
    read: () => utf8.decode(bytes.subarray(0, length)),
  };
}
