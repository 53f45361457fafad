import { randomUUID } from 'node:crypto';
import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { messageOf } from '../../shared/errors.ts';
import { usage, type Failure } from '../failure.ts';
import { isJson, isRecord, parseJson } from '../json.ts';
import { isResult, type Result } from './result.ts';
import { unwritable } from './unwritable.ts';

/** What a side file has when a run begins. */
export interface SideFileContent {
  /** The beginning of the idempotency keys: a job that was submitted before a crash is found again by its own. */
  run: string;
  /** What was done before. */
  results: Result[];
  /** What must be written before the next result. */
  lead: string;
}

/** What a run of a file has come to, kept beside it so that the same command goes on after a crash. */
export interface SideFile extends Pick<SideFileContent, 'run' | 'results'> {
  add(result: Result): Promise<void>;
  close(): Promise<void>;
  /** All is done. */
  remove(): Promise<void>;
}

/** Throws a usage Failure where the file cannot be read, or is of a run with another digest. Writes nothing. */
export async function readSideFile(path: string, digest: string): Promise<SideFileContent> {
  const text = await readIfThere(path);
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
  const results = lines.slice(1).filter(isResult);
  if (known === undefined) return { run, results, lead: `${JSON.stringify({ run, digest })}\n` };
  return { run, results, lead: text.endsWith('\n') ? '' : '\n' };
}

/** Throws a usage Failure where it cannot be written. */
export async function openSideFile(path: string, { run, results, lead }: SideFileContent): Promise<SideFile> {
  const file = await begin(path, lead);
  return {
    run,
    results,
    async add(result) {
      try {
        await file.appendFile(`${JSON.stringify(result)}\n`);
      } catch (error) {
        throw unwritable(path, error);
      }
    },
    close: () => file.close(),
    remove: async () => {
      await file.close();
      await rm(path);
    },
  };
}

async function begin(path: string, lead: string): Promise<FileHandle> {
  try {
    const file = await open(path, 'a', 0o600);
    await file.appendFile(lead);
    return file;
  } catch (error) {
    throw unusable(path, error);
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): Failure {
  return usage(`${path} cannot be used: ${messageOf(error)}`, 'What is done is kept there, beside the jobs');
}
