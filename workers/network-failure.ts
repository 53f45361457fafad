const SENTENCES: Record<string, string> = {
  ENOTFOUND: 'The host name could not be resolved',
  EAI_AGAIN: 'The host name could not be resolved',
  ECONNREFUSED: 'The connection was refused',
  ECONNRESET: 'The connection broke before an answer came',
  EPIPE: 'The connection broke before an answer came',
  UND_ERR_SOCKET: 'The connection broke before an answer came',
  EHOSTUNREACH: 'The host could not be reached',
  ENETUNREACH: 'The host could not be reached',
  ETIMEDOUT: 'The host could not be reached in time',
  UND_ERR_CONNECT_TIMEOUT: 'The host could not be reached in time',
  EPROTO: 'The TLS connection could not be made',
  UND_ERR_HEADERS_OVERFLOW: 'The headers of the answer are too large',
};

const FAMILIES: readonly [RegExp, string][] = [
  [/^(ERR_TLS_|ERR_SSL_|UNABLE_TO_)|CERT/, 'The TLS connection could not be made'],
  [/^(HPE_|HTTPParserError)/, 'The answer is not HTTP'],
];

/** Faults of the caller: they would come back with every repetition and are no receiver's. */
const CALLER_FAULTS: ReadonlySet<string> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
]);

/**
 * A sentence for what Node or undici threw when a request did not come through: undefined where it was the caller's
 * fault. It names the code but no address, since the client reads it and the name may be of a private network.
 */
export function networkFailure(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  // undici's parser errors have no code, only a name.
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.name;
  if (CALLER_FAULTS.has(code)) return undefined;
  const sentence = SENTENCES[code] ?? FAMILIES.find(([pattern]) => pattern.test(code))?.[1];
  return `${sentence ?? 'The request did not come through'} (${code}).`;
}
