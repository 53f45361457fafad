import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import tesseract from 'tesseract.js';

const require = createRequire(import.meta.url);
const LANGUAGE_FOLDER = join(dirname(require.resolve('@tesseract.js-data/eng')), '4.0.0_best_int');
const UNREADABLE = 'Error: Error attempting to read image.';

/** Tesseract could not make a picture of the bytes; the engine is fine. */
export class UnreadablePicture extends Error {}

export interface Reading {
  text: string;
  /** 0 to 1, the mean over the words; 0 where there are none. */
  confidence: number;
}

/** `progress` is 0 to 1. */
export type OnProgress = (progress: number, message: string) => void;

export interface Engine {
  /** One picture at a time. Rejects with `UnreadablePicture`, or with what killed the engine. */
  recognize(picture: Buffer, onProgress: OnProgress): Promise<Reading>;
  stop(): Promise<void>;
}

/** tesseract.js in its thread, all of it from node_modules: unless told, it fetches language data from a CDN. */
export async function startEngine(): Promise<Engine> {
  let report: OnProgress = ignore;
  const worker = await createWorker((progress, message) => report(progress, message));
  const thread = threadOf(worker);
  let dead: Error | undefined;
  let abandon: (reason: Error) => void = ignore;
  const die = (reason: Error) => {
    dead ??= reason;
    abandon(dead);
  };
  // Nobody else listens: a crash would take the process along, and an exit leave the caller waiting for ever.
  thread.once('error', die);
  thread.once('exit', () => die(new Error('the OCR engine stopped')));
  return {
    recognize(picture, onProgress) {
      if (dead !== undefined) return Promise.reject(dead);
      report = onProgress;
      return new Promise((resolve, reject) => {
        abandon = reject;
        worker.recognize(picture).then(({ data }) => resolve(readingOf(data)), rejectWith(reject));
      });
    },
    async stop() {
      await thread.terminate();
    },
  };
}

/** Rejects where tesseract.js only calls the error handler and never settles. */
function createWorker(onProgress: OnProgress): Promise<tesseract.Worker> {
  return new Promise((resolve, reject) => {
    const options = {
      langPath: LANGUAGE_FOLDER,
      cacheMethod: 'none', // else it writes eng.traineddata into the working directory
      logger: ({ progress, status }: tesseract.LoggerMessage) => onProgress(progress, status),
      // Without a handler it throws out of an event listener. The error of a picture comes by its promise, too.
      errorHandler: (reason: unknown) => reject(new Error(`the OCR engine did not start: ${String(reason)}`)),
    };
    tesseract.createWorker('eng', tesseract.OEM.LSTM_ONLY, options).then(resolve, reject);
  });
}

/** The thread is there, only the types do not say so. What Leptonica writes about bad pictures is of no use. */
function threadOf(worker: tesseract.Worker): Worker {
  if (!('worker' in worker) || !(worker.worker instanceof Worker))
    throw new Error('tesseract.js has no thread');
  const { stdout, stderr } = worker.worker;
  stdout.unpipe(process.stdout).resume();
  stderr.unpipe(process.stderr).resume();
  return worker.worker;
}

function readingOf(page: tesseract.Page): Reading {
  return { text: page.text.trimEnd(), confidence: page.confidence / 100 };
}

/** tesseract.js rejects with strings. */
function rejectWith(reject: (reason: Error) => void): (reason: unknown) => void {
  return (reason) => {
    const message = String(reason);
    reject(message === UNREADABLE ? new UnreadablePicture(message) : new Error(message));
  };
}

function ignore(): void {}
