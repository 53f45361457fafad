/** What headers of answers mean, for the OpenAPI document. */
export const ANSWER_HEADERS = {
  ETag: 'Changes whenever the job does',
  Location: 'Where it can be read',
  'Preference-Applied': '`wait=N`, where the answer was held for it (RFC 7240)',
  RateLimit:
    'What is left of each limit of the tenant, and for how long (draft-ietf-httpapi-ratelimit-headers)',
  'RateLimit-Policy': 'The limits of the tenant: `"tenant"` its rate, `"backlog"` how many jobs may wait',
  'Retry-After': 'Seconds after which to try again',
  'WWW-Authenticate': 'How to send a credential (RFC 6750)',
  'X-Request-Id': 'Of the request: your own, or a new one',
} as const;

export type AnswerHeader = keyof typeof ANSWER_HEADERS;

/** What every answer has. */
export const ALWAYS: readonly AnswerHeader[] = ['X-Request-Id'];

/** Of whoever asks for a place in the tenant's rate. */
export const OF_RATE: readonly AnswerHeader[] = ['RateLimit', 'RateLimit-Policy'];
