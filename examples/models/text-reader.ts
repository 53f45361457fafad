import { HttpError } from './http-json.ts';
import { type Engine, type OnProgress, type Reading, UnreadablePicture } from './tesseract.ts';

export interface TextReader {
  /**
   * Reads the text in a picture, when the pictures before it are done. 400 where it cannot be decoded, 422 where it
   * takes too long, 500 where the engine broke. Aborted while waiting, it is skipped; later, only its answer is lost.
   */
  read(picture: Buffer, options: { signal: AbortSignal; onProgress: OnProgress }): Promise<Reading>;
  stop(): Promise<void>;
}

/**
 * A queue before one long-lived engine, which is replaced when it breaks. It starts with the first picture, or after
 * `idleMs` without one.
 */
export function startTextReader(start: () => Promise<Engine>, deadlineMs = 30_000, idleMs = 0): TextReader {
  let engine: Promise<Engine> | undefined;
  const ensureEngine = () => (engine ??= begin(start));
  const warmUp = setTimeout(() => void ensureEngine(), idleMs);
  let queue: Promise<unknown> = Promise.resolve();
  let stopped = false;

  async function readNow(picture: Buffer, onProgress: OnProgress): Promise<Reading> {
    try {
      return await withDeadline(await ensureEngine(), picture, onProgress, deadlineMs);
    } catch (error) {
      if (error instanceof UnreadablePicture) throw new HttpError(400, 'image cannot be decoded');
      if (!stopped) engine = begin(start, engine);
      throw error;
    }
  }

  return {
    read(picture, { signal, onProgress }) {
      const turn = queue.then(() => {
        signal.throwIfAborted();
        return readNow(picture, onProgress);
      });
      queue = Promise.allSettled([turn]);
      return turn;
    },
    async stop() {
      stopped = true;
      clearTimeout(warmUp);
      if (engine) await end(engine);
    },
  };
}

/** A failure to start is not lost: whoever awaits the engine next meets it. */
function begin(start: () => Promise<Engine>, before?: Promise<Engine>): Promise<Engine> {
  const engine = before === undefined ? start() : end(before).then(start);
  void Promise.allSettled([engine]);
  return engine;
}

async function end(engine: Promise<Engine>): Promise<void> {
  const [started] = await Promise.allSettled([engine]);
  if (started.status === 'fulfilled') await started.value.stop();
}

/** Recognition is one long call into WebAssembly: nothing but the end of its thread interrupts it. */
async function withDeadline(
  engine: Engine,
  picture: Buffer,
  onProgress: OnProgress,
  deadlineMs: number,
): Promise<Reading> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    void engine.stop();
  }, deadlineMs);
  try {
    return await engine.recognize(picture, onProgress);
  } catch (error) {
    throw late ? new HttpError(422, `image took over ${deadlineMs} ms to read`) : error;
  } finally {
    clearTimeout(timer);
  }
}
