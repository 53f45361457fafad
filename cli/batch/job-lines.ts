import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { messageOf } from '../../shared/errors.ts';
import { usage } from '../failure.ts';
import { isRecord, parseJson } from '../json.ts';

/** One job of a file, a line. */
export interface JobLine {
  /** From 1, as an editor counts. */
  number: number;
  /** The body of its submission. */
  request: Record<string, unknown>;
}

export interface JobLines {
  path: string;
  /** Every line is then an input alone. */
  model?: string | undefined;
  /** What holds for each line that does not say otherwise. */
  defaults: Record<string, unknown>;
}

/** The jobs of a JSON Lines file, in order. Throws a usage Failure that names the line. */
export async function* readJobLines({
  path,
  model,
  defaults,
}: JobLines): AsyncGenerator<JobLine, void, undefined> {
  const input = createReadStream(path);
  const lines = createInterface({ input, crlfDelay: Infinity });
  let number = 0;
  try {
    for await (const line of lines) {
      number += 1;
      if (line.trim() === '') continue;
      const value = parseLine(line, path, number);
      const request = model === undefined ? value : { model, input: value };
      if (!isRecord(request) || typeof request['model'] !== 'string')
        throw usage(
          `${path}:${number} is not a job, which has a model and an input`,
          '--model NAME takes every line as an input alone',
        );
      yield { number, request: { ...defaults, ...request } };
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw usage(`${path} cannot be read: ${messageOf(error)}`);
    throw error;
  } finally {
    lines.close();
    input.destroy();
  }
}

/** How many jobs there are, and what stands for all that is sent. Every line is looked at. */
export async function surveyJobLines(lines: JobLines): Promise<{ count: number; digest: string }> {
  const hash = createHash('sha256');
  let count = 0;
  for await (const { number, request } of readJobLines(lines)) {
    hash.update(`${number}:${JSON.stringify(request)}\n`);
    count += 1;
  }
  return { count, digest: hash.digest('hex') };
}

function parseLine(line: string, path: string, number: number): unknown {
  try {
    return parseJson(line.replace(/^\ufeff/, ''));
  } catch (error) {
    if (error instanceof SyntaxError) throw usage(`${path}:${number} is not JSON`);
    throw error;
  }
}
