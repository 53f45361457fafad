import { randomUUID } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import { usage } from '../failure.ts';
import { isJson, isRecord, parseJson } from '../json.ts';
import { isResult, type Result } from './result.ts';

/** What a run of a file has come to, kept beside it so that the same command goes on after a crash. */
export interface SideFile {
  /** The beginning of the idempotency keys: a job that was submitted before a crash is found again by its own. */
  run: string;
  /** What was done before. */
  results: Result[];
  add(result: Result): Promise<void>;
  close(): Promise<void>;
  /** All is done. */
  remove(): Promise<void>;
}

export async function openSideFile(path: string, digest: string): Promise<SideFile> {
  const text = await readFile(path, 'utf8').catch(noneThere);
  // A crash may have torn the last line.
  const lines = text.split('\n').filter(isJson).map(parseJson);
  const [head] = lines;
  if (isRecord(head) && head['digest'] !== digest)
    throw usage(
      `${path} is of a run with other jobs or options`,
      'Give what was given then, or remove that file to begin anew',
    );
  const known = isRecord(head) && typeof head['run'] === 'string' ? head['run'] : undefined;
  const run = known ?? randomUUID();
  const file = await open(path, 'a', 0o600);
  if (known === undefined) await file.appendFile(`${JSON.stringify({ run, digest })}\n`);
  else if (!text.endsWith('\n')) await file.appendFile('\n');
  return {
    run,
    results: lines.slice(1).filter(isResult),
    add: (result) => file.appendFile(`${JSON.stringify(result)}\n`),
    close: () => file.close(),
    remove: async () => {
      await file.close();
      await rm(path);
    },
  };
}

function noneThere(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
  throw error;
}
