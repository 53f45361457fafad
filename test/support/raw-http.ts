import { connect } from 'node:net';

const ANSWERS_WITHIN_MS = 60_000;

export interface RawExchange {
  /** All that came back until the other side closed the connection, or until `enough`. */
  answer: string;
  milliseconds: number;
}

/** Sends these bytes as they are over a connection of its own, a piece each so many milliseconds. */
export function exchange(
  port: number,
  pieces: string | Iterable<string>,
  { everyMs = 0, enough = () => false }: { everyMs?: number; enough?: (answer: string) => boolean } = {},
): Promise<RawExchange> {
  const started = performance.now();
  const rest = (typeof pieces === 'string' ? [pieces] : pieces)[Symbol.iterator]();
  return new Promise((resolve, reject) => {
    let answer = '';
    let timer: NodeJS.Timeout | undefined;
    const socket = connect(port, '127.0.0.1');
    const next = (): void => {
      const { value, done } = rest.next();
      if (done === true || !socket.writable) return;
      socket.write(value, 'latin1');
      timer = setTimeout(next, everyMs);
    };
    const end = (): void => {
      clearTimeout(timer);
      resolve({ answer, milliseconds: performance.now() - started });
    };
    socket.on('connect', next);
    socket.setTimeout(ANSWERS_WITHIN_MS, () => {
      socket.destroy();
      reject(new Error(`No end of the connection within ${ANSWERS_WITHIN_MS} ms: ${answer}`));
    });
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (enough(answer)) socket.destroy();
    });
    // A reset comes after the answer where more was sent than was read.
    socket.on('error', (error) => (answer === '' && !isReset(error) ? reject(error) : end()));
    socket.on('close', end);
  });
}

export function portOf(url: string): number {
  return Number(new URL(url).port);
}

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}
