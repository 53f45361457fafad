import { createHash } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const CODE_LENGTH = 6;

/**
 * The short name of a model inside keys and job ids: 30 bits of a hash, in Crockford's base 32. All keys of a model
 * carry it as their hash tag, so that they share a slot of a Redis Cluster; a job id carries it, so that any replica
 * finds the job from its id alone. The registry refuses a second model with the same code.
 */
export function modelCode(name: string): string {
  const hash = createHash('sha256').update(name).digest();
  return Array.from({ length: CODE_LENGTH }, (_, index) => ALPHABET[(hash[index] ?? 0) & 31]).join('');
}

/** What every key of the model begins with. */
export function keyPrefix(code: string): string {
  return `inferq:{${code}}:`;
}

const ID = /^job_([0-9a-hjkmnp-tv-z]{6})[0-9a-hjkmnp-tv-z]{26}$/;

/** The model's code inside a job id, or undefined where it isn't one. */
export function codeOfJob(id: string): string | undefined {
  return ID.exec(id)?.[1];
}

/** The job that a run was made for: `job_…` of `job_…~2`. */
export function ownerOfRun(run: string): string {
  return run.split('~', 1)[0] ?? run;
}

/** The prefix of the keys of a job or run, from its id alone. */
export function prefixOf(id: string): string {
  const code = codeOfJob(ownerOfRun(id));
  if (!code) throw new TypeError(`${id} is not the id of a job`);
  return keyPrefix(code);
}

/** A new job id: `job_`, the model's code, 48 bits of time and 80 random ones; sorts by time within a model. */
export function newJobId(code: string, now: number, random: Uint8Array): string {
  let time = '';
  for (let rest = now, digit = 0; digit < 10; digit++, rest = Math.floor(rest / 32))
    time = ALPHABET[rest % 32] + time;
  let id = `job_${code}${time}`;
  for (let index = 0; index < 16; index++) id += ALPHABET[(random[index] ?? 0) & 31];
  return id;
}
