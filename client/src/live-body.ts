import { ConnectionError } from './errors.ts';

/**
 * What comes of a body, as it comes. Throws a ConnectionError where nothing came for `longestSilence` seconds: of a
 * connection that a NAT or a sleeping machine has lost nobody hears the end.
 */
export async function* readLive(
  body: ReadableStream<Uint8Array>,
  longestSilence: number,
): AsyncGenerator<Uint8Array> {
  // Not every browser iterates a stream by itself.
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await unlessSilent(reader.read(), longestSilence);
      if (done) return;
      yield value;
    }
  } finally {
    // Who leaves early wants no more of it; a stream that broke has nothing to cancel.
    await reader.cancel().catch(() => undefined);
  }
}

async function unlessSilent<T>(piece: Promise<T>, seconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    const give = () => reject(new ConnectionError(`Nothing came for ${seconds} s`));
    timer = setTimeout(give, seconds * 1000);
  });
  try {
    return await Promise.race([piece, silence]);
  } finally {
    clearTimeout(timer);
  }
}
