import { Readable } from 'node:stream';

/**
 * The body of an answer as a stream. It fails where the sender lets us wait longer for a piece; how long its reader
 * takes between two pieces does not count.
 */
export function streamOf(body: ReadableStream<Uint8Array>, timeoutMs: number): Readable {
  const reader = body.getReader();
  const stream = new Readable({
    read() {
      const late = new Error(`Nothing more of the body came in ${timeoutMs} ms`);
      const timer = setTimeout(() => stream.destroy(late), timeoutMs);
      reader
        .read()
        .then(({ value }) => stream.push(value ?? null))
        .catch((error: unknown) => stream.destroy(error instanceof Error ? error : new Error(String(error))))
        .finally(() => clearTimeout(timer));
    },
    destroy(error, done) {
      // What is broken already cannot be cancelled, and need not be.
      const end = (): void => done(error);
      reader.cancel().then(end, end);
    },
  });
  return stream;
}
