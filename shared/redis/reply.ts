import { isJobStatus, type JobStatus } from '../job-status.ts';

/** The list that a script answers with, read field by field; a field of another type is a fault of the script. */
export class Reply {
  readonly #fields: readonly unknown[];

  constructor(reply: unknown) {
    if (!Array.isArray(reply)) throw new TypeError('The script answered no list');
    this.#fields = reply;
  }

  text(index: number): string {
    const field = this.#fields[index];
    if (typeof field === 'string') return field;
    if (typeof field === 'number') return String(field);
    throw new TypeError(`The script's answer has no text at ${index}`);
  }

  number(index: number): number {
    const value = Number(this.text(index));
    if (Number.isNaN(value)) throw new TypeError(`The script's answer has no number at ${index}`);
    return value;
  }

  status(index: number): JobStatus {
    const status = this.text(index);
    if (isJobStatus(status)) return status;
    throw new TypeError(`The script's answer has no status at ${index}`);
  }

  /** The fields of a hash. */
  hash(index: number): Record<string, string> {
    return toHash(new Reply(this.#fields[index]).texts(0));
  }

  texts(from: number): string[] {
    return this.#fields.slice(from).map((_, index) => this.text(from + index));
  }
}

/** Of fields and values, one after the other. */
export function toHash(pairs: readonly string[]): Record<string, string> {
  const hash: Record<string, string> = {};
  for (let at = 0; at + 1 < pairs.length; at += 2) hash[pairs[at] ?? ''] = pairs[at + 1] ?? '';
  return hash;
}
