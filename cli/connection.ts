import type { DevState } from './dev-state.ts';
import { usage } from './failure.ts';

/** Where the broker is and who asks. */
export interface Connection {
  /** Without a slash at its end. */
  url: string;
  token: string | undefined;
  /** Where each was found, for advice: a flag, a variable or the file of `npm start`. */
  source: { url: string; token: string };
}

export interface ConnectionFlags {
  url?: string | undefined;
  token?: string | undefined;
}

export interface ConnectionEnvironment {
  INFERQ_URL?: string | undefined;
  INFERQ_TOKEN?: string | undefined;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';

/** Flags win over the environment, and that over a running `npm start`. */
export function resolveConnection(
  flags: ConnectionFlags,
  env: ConnectionEnvironment,
  dev: DevState | null,
): Connection {
  const url = first(
    [flags.url, '--url'],
    [env.INFERQ_URL, 'INFERQ_URL'],
    [dev?.url, '.inferq/dev.json'],
    [DEFAULT_URL, 'the default'],
  );
  const address = checkUrl(url.value ?? DEFAULT_URL, url.source);
  const token = first(
    [flags.token, '--token'],
    [env.INFERQ_TOKEN, 'INFERQ_TOKEN'],
    // The development token is for the development broker only, never for whatever --url names.
    [dev && checkUrl(dev.url, '') === address ? dev.token : undefined, '.inferq/dev.json'],
  );
  return {
    url: address,
    token: checkToken(token.value, token.source),
    source: { url: url.source, token: token.source },
  };
}

function first(...candidates: [value: string | undefined, source: string][]) {
  const [value, source] = candidates.find(([value]) => value?.trim()) ?? [undefined, 'nowhere'];
  return { value: value?.trim(), source };
}

function checkUrl(value: string, source: string): string {
  const url = URL.parse(value);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw usage(`${source} is not an http:// or https:// URL`, `For example --url ${DEFAULT_URL}`);
  }
  // fetch would refuse it as well, with the password in the message.
  if (url.username || url.password) {
    throw usage(`${source} holds a user name or a password`, 'Give the credential as INFERQ_TOKEN');
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

function checkToken(token: string | undefined, source: string): string | undefined {
  // fetch would refuse it as well, with the token in the message.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw usage(`The token of ${source} holds characters that no token has`, 'Copy it again');
  }
  return token;
}
