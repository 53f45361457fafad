import { open, type FileHandle } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { messageOf } from '../../shared/errors.ts';
import { usage } from '../failure.ts';
import { unwritable } from './unwritable.ts';

/** The file of the results, which is begun anew. */
export interface ResultFile {
  /** Aborted, with what the person should read, when it cannot be written any more. */
  signal: AbortSignal;
  write(text: string): void;
  /** Everything is written. Throws a Failure where it is not. */
  end(): Promise<void>;
}

/** Throws a usage Failure where there can be no such file. */
export async function openResultFile(path: string): Promise<ResultFile> {
  const broken = new AbortController();
  const file = (await openToWrite(path)).createWriteStream();
  file.on('error', (error) => broken.abort(unwritable(path, error)));
  return {
    signal: broken.signal,
    write: (text) => void file.write(text),
    async end() {
      file.end();
      try {
        await finished(file);
      } catch (error) {
        throw unwritable(path, error);
      }
    },
  };
}

async function openToWrite(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w');
  } catch (error) {
    throw usage(`${path} cannot be written: ${messageOf(error)}`);
  }
}
