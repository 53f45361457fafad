import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { buffer } from 'node:stream/consumers';
import { messageOf } from '../shared/errors.ts';
import { usage } from './failure.ts';

const TEXT_WITH_AT = `For text that begins with @: -i 'key:="@…"'`;

/** Reads what an input names: a file, or the standard input when the path is `-`. */
export async function readBytes(path: string, cures: readonly string[] = [TEXT_WITH_AT]): Promise<Buffer> {
  if (path === '-') return buffer(process.stdin);
  try {
    return await readFile(path);
  } catch (error) {
    throw usage(`${path} cannot be read: ${messageOf(error)}`, ...cures);
  }
}
