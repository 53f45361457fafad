/** Read, so that the connection can be used again; a receiver that sends more loses the connection. */
const READ_BYTES = 64 * 1024;
const KEPT_BYTES = 1024;
const EXCERPT_CHARACTERS = 200;

/**
 * The start of a receiver's answer for a log or a list: at most 200 characters on one line, control and formatting
 * characters replaced. An answer that breaks off gives what came before; its status is known all the same.
 */
export async function readExcerpt(body: AsyncIterable<Uint8Array>): Promise<string> {
  const kept: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      if (length < KEPT_BYTES) kept.push(chunk.subarray(0, KEPT_BYTES - length));
      length += chunk.length;
      if (length > READ_BYTES) break;
    }
  } catch {
    // The body decides nothing: neither a reset nor the timeout in the middle of it takes the status back.
    return excerptOf(kept);
  }
  return excerptOf(kept);
}

function excerptOf(chunks: Uint8Array[]): string {
  const text = new TextDecoder().decode(Buffer.concat(chunks));
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Z}]+/gu, ' ').trim();
  return Array.from(line).slice(0, EXCERPT_CHARACTERS).join('');
}
