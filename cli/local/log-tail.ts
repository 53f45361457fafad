import { readFile } from 'node:fs/promises';

/**
 * The last lines of a log that are meant for a person. Roles write JSON for machines; what is not JSON is a
 * fault they could not start with, or a stack trace.
 */
export async function readLogTail(file: string, lines: number): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const readable = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('{'));
  return readable.slice(-lines);
}
