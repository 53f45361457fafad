/** Seconds without a byte after which a stream of events is taken for broken: the broker sends a comment every 15. */
const LONGEST_SILENCE = 40;

/**
 * What comes of a body, as it comes. Throws what fetch throws where a connection breaks also where nothing came for
 * `longestSilence` seconds: of one that a NAT or a sleeping machine has lost nobody hears the end.
 */
export async function* readLive(
  body: ReadableStream<Uint8Array>,
  longestSilence = LONGEST_SILENCE,
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
    const cause = new DOMException(`Nothing came for ${seconds} s`, 'TimeoutError');
    timer = setTimeout(() => reject(new TypeError('The stream fell silent', { cause })), seconds * 1000);
  });
  try {
    return await Promise.race([piece, silence]);
  } finally {
    clearTimeout(timer);
  }
}
