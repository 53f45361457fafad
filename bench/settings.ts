/** What both sides of a comparison are told. */
export const JWT_SECRET = 'a secret of the benchmark, long enough for HS256';

export const INPUT_SCHEMA = {
  type: 'object',
  required: ['text'],
  properties: { text: { type: 'string', maxLength: 10_000 } },
};

/** Equal on both sides: every write goes into the append-only file, which is flushed once a second. */
export const REDIS_SETTINGS = { appendonly: 'yes', appendfsync: 'everysec' };
