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
      void take(timer);
    },
    destroy(error, done) {
      void end(() => done(error));
    },
  });

  /** What is broken already cannot be cancelled, and need not be. */
  async function end(done: () => void): Promise<void> {
    await Promise.allSettled([reader.cancel()]);
    done();
  }

  async function take(timer: NodeJS.Timeout): Promise<void> {
    try {
      const { value } = await reader.read();
      stream.push(value ?? null);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    } finally {
      clearTimeout(timer);
    }
  }
  return stream;
}
