/**
 * Every error a client, a job or an operator can meet. The HTTP status follows from the code alone, and as a rule so does
 * whether a repetition can help; the detail is a sentence for the person who reads it.
 */
export const ERRORS = {
  // Answers to a request.
  invalid_json: { status: 400, title: 'The body is not valid JSON', retryable: false },
  invalid_request: { status: 400, title: 'The request is not well-formed', retryable: false },
  unauthenticated: { status: 401, title: 'A valid credential is needed', retryable: false },
  budget_spent: { status: 402, title: "The tenant's budget is spent", retryable: false },
  forbidden: { status: 403, title: 'The credential does not allow this', retryable: false },
  model_unpriced: { status: 403, title: 'The model has no price', retryable: false },
  not_found: { status: 404, title: 'There is no such resource', retryable: false },
  model_not_found: { status: 404, title: 'There is no such model', retryable: false },
  method_not_allowed: { status: 405, title: 'The resource does not take this method', retryable: false },
  request_timeout: { status: 408, title: 'The request did not arrive in time', retryable: true },
  model_in_file: { status: 409, title: 'The model is defined in a file', retryable: false },
  job_ended: { status: 409, title: 'The job has already ended', retryable: false },
  job_not_ended: { status: 409, title: 'The job has not ended', retryable: true },
  job_not_retryable: { status: 409, title: 'A job that succeeded is not run again', retryable: false },
  output_not_ready: { status: 409, title: 'The job has no output', retryable: true },
  data_removed: { status: 410, title: 'The data of the job has been removed', retryable: false },
  events_gone: { status: 410, title: 'The events asked for are gone', retryable: false },
  payload_too_large: { status: 413, title: 'The body is too large', retryable: false },
  unsupported_media_type: { status: 415, title: 'The body must be plain application/json', retryable: false },
  expectation_failed: { status: 417, title: 'The expectation cannot be met', retryable: false },
  invalid_input: { status: 422, title: "The input does not fit the model's schema", retryable: false },
  invalid_model: { status: 422, title: 'The spec of the model has faults', retryable: false },
  idempotency_key_reused: {
    status: 422,
    title: 'The Idempotency-Key belongs to another request',
    retryable: false,
  },
  rate_limited: { status: 429, title: 'Too many submissions', retryable: true },
  tenant_backlog_full: { status: 429, title: "The tenant's backlog is full", retryable: true },
  headers_too_large: { status: 431, title: 'The headers are too large', retryable: false },
  internal: { status: 500, title: 'Something went wrong in the broker', retryable: true },
  api_unreachable: { status: 502, title: 'No replica of the API answers', retryable: true },
  broker_full: { status: 503, title: 'The broker is full', retryable: true },
  ttl_unreachable: { status: 503, title: 'The job would expire before it could start', retryable: true },
  redis_unavailable: { status: 503, title: 'The broker cannot reach its store', retryable: true },
  not_confirmed: { status: 503, title: 'The store did not confirm the request in time', retryable: true },
  storage_unavailable: {
    status: 503,
    title: 'The store of large inputs and outputs is out of reach',
    retryable: true,
  },
  webhooks_unavailable: { status: 503, title: 'No worker delivers webhooks now', retryable: true },
  keys_unavailable: { status: 503, title: 'The keys that verify tokens are out of reach', retryable: true },
  api_timeout: { status: 504, title: 'The API did not answer in time', retryable: true },
  shutting_down: { status: 503, title: 'This replica is shutting down', retryable: true },
  // Ends of a job.
  invalid_output: { status: 502, title: "The model's output does not fit its schema", retryable: false },
  transform_failed: { status: 500, title: 'A transform of the model failed', retryable: false },
  model_error: { status: 502, title: 'The model refused or failed the request', retryable: false },
  model_timeout: { status: 504, title: 'The model did not answer in time', retryable: true },
  model_unavailable: { status: 503, title: 'The model could not be reached', retryable: true },
  result_too_large: { status: 502, title: 'The result is larger than allowed', retryable: false },
  worker_lost: { status: 500, title: 'The workers that ran the job died', retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ErrorCode = keyof typeof ERRORS;

/** One fault inside a body or a spec: a JSON Pointer (RFC 6901) to it and a sentence about it. */
export interface Fault {
  pointer: string;
  detail: string;
}

/**
 * What stands behind a failed call of a model: the HTTP status that its server answered; or that none was
 * called because none is in order (`unreachable`), that the job gave it less time than the model's own (`hurried`).
 */
export type Upstream = number | 'unreachable' | 'hurried';

export interface ErrorExtras {
  errors?: Fault[];
  upstream?: Upstream;
  /** Where that is not as with the code as a rule. */
  retryable?: boolean;
  /** Seconds after which a repetition may succeed. */
  retryAfter?: number;
  /** The model server takes nothing more at the moment. The job waits, and its attempt does not count. */
  busy?: boolean;
  /** Headers that belong to the answer. */
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** A typed error: thrown anywhere, mapped to HTTP or to the end of a job in one place. */
export class InferqError extends Error {
  readonly code: ErrorCode;
  readonly errors: Fault[] | undefined;
  readonly retryable: boolean;
  readonly retryAfter: number | undefined;
  readonly busy: boolean;
  readonly upstream: Upstream | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly #extras: ErrorExtras;

  constructor(code: ErrorCode, detail: string, extras: ErrorExtras = {}) {
    super(detail, { cause: extras.cause });
    this.name = 'InferqError';
    this.code = code;
    this.errors = extras.errors;
    this.retryable = extras.retryable ?? ERRORS[code].retryable;
    this.retryAfter = extras.retryAfter;
    this.busy = extras.busy ?? false;
    this.upstream = extras.upstream;
    this.headers = extras.headers ?? {};
    this.#extras = extras;
  }

  /** The same with these headers before its own; of one that both have, a list (RFC 9110, 5.3). */
  after(headers: Readonly<Record<string, string>>): InferqError {
    const both = { ...headers, ...this.headers };
    for (const [name, value] of Object.entries(headers))
      if (this.headers[name] !== undefined) both[name] = `${value}, ${this.headers[name]}`;
    return new InferqError(this.code, this.message, { ...this.#extras, headers: both });
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** RFC 9457 problem details, with `error_type` as the machine-readable code. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  error_type: ErrorCode;
  errors?: Fault[];
}

/** Shapes an error as the problem object of RFC 9457 that clients see. */
export function toProblem(error: InferqError): Problem {
  const { status, title } = ERRORS[error.code];
  return {
    type: `urn:inferq:error:${error.code}`,
    title,
    status,
    detail: error.message,
    error_type: error.code,
    ...(error.errors ? { errors: error.errors } : {}),
  };
}

/** The message of anything that was thrown, for a person. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
