import type { ErrorCode } from '../shared/errors.ts';
import type { Problem } from './failure.ts';

/** What a request was about, for advice that can be pasted. */
export interface Subject {
  /** Of a job. */
  id?: string;
  model?: string;
  tenant?: string;
  token?: string;
  delivery?: string;
}

type Advice = (subject: Subject) => string;

/** What a person can do about an error that this command line knows more about than the broker says. */
const CURES: Partial<Record<ErrorCode, Advice>> = {
  unauthenticated: () => 'Give a token as INFERQ_TOKEN or --token; npm start prints one',
  forbidden: () => 'Ask an admin for a token with that scope or model',
  not_found: whereToLook,
  model_not_found: () => 'npx inferq models ls  lists the models',
  model_in_file: () => 'Take it out of the file that INFERQ_MODELS of the broker names',
  invalid_input: ({ model = 'MODEL' }) =>
    `npx inferq models get ${model}  shows the schema; -i 'key:="5"' sends a number as text`,
  idempotency_key_reused: () => 'Use another --idempotency-key, or leave it out',
  job_ended: ({ id = 'ID' }) => `npx inferq jobs get ${id}  shows how it ended`,
  job_not_ended: ({ id = 'ID' }) => `npx inferq jobs watch ${id}  follows it to its end`,
  payload_too_large: () => 'Send less, or have the limit raised',
  internal: () => 'Report it with the request id',
  model_error: () => 'Look at the input and at the log of the model server',
  model_unavailable: () => 'Start the model server, or correct its url in the model file',
  model_timeout: () => 'Submit it with a longer --timeout',
};

function whereToLook({ id, tenant, token, delivery }: Subject): string {
  if (tenant !== undefined) return 'npx inferq tenants ls  lists the tenants';
  if (token !== undefined) return 'npx inferq tokens ls TENANT  lists the tokens of a tenant';
  if (delivery !== undefined) return 'npx inferq webhooks ls  lists the deliveries';
  if (id !== undefined) return 'npx inferq jobs ls  lists the jobs that this token can see';
  // A broker has an answer to everything else: it is another server, or another port of it.
  return 'Check --url or INFERQ_URL: no API answers there';
}

/** `retryAfter`: seconds, when the broker said them. */
export function curesFor(problem: Problem, subject: Subject = {}, retryAfter?: number): string[] {
  const advice = Object.entries(CURES).find(([code]) => code === problem.error_type)?.[1];
  const wait = retryAfter === undefined ? [] : [`Try again in ${Math.ceil(retryAfter)} s`];
  return [...wait, ...(advice ? [advice(subject)] : [])];
}
