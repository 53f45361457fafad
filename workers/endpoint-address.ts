import { InferqError } from '../shared/errors.ts';
import type { Endpoint } from '../shared/model.ts';
import { PLAIN_HEADERS } from '../shared/models/secret-references.ts';

/** An endpoint of a model's spec, taken apart once. */
export interface EndpointAddress {
  /** Where to connect: scheme, host and port. */
  origin: string;
  /** What to ask for, query included. */
  path: string;
  /** Origin and path only: fit for messages and logs, as credentials and query may be secrets. */
  name: string;
  /** The endpoint's own headers, names in lower case. */
  headers: Record<string, string>;
  /** What must not come back in a message, should the server repeat it. */
  secrets: string[];
}

/** Credentials in the url become Basic authentication (RFC 7617), as curl has it; a header of that name wins. */
export function addressOf({ url, headers = {} }: Endpoint): EndpointAddress {
  const parsed = URL.parse(url);
  // The url itself stays out of the message: it may hold credentials.
  if (!parsed) throw new InferqError('model_error', 'The url of an endpoint of the model is not valid.');
  const { origin, pathname, search, searchParams, username, password } = parsed;
  const credentials = `${unescape(username)}:${unescape(password)}`;
  const basic = Buffer.from(credentials).toString('base64');
  const own = {
    ...(credentials === ':' ? {} : { authorization: `Basic ${basic}` }),
    ...lowerCased(headers),
  };
  const values = Object.entries(own).flatMap(([name, value]) =>
    PLAIN_HEADERS.includes(name) ? [] : [value, ...value.split(' ')],
  );
  const secrets = [...values, unescape(password), ...searchParams.values()];
  return {
    origin,
    path: pathname + search,
    name: origin + pathname,
    headers: own,
    secrets: secrets.filter(isTelling),
  };
}

/** Header names in lower case, so that later sources replace earlier ones whatever their spelling. */
export function lowerCased(headers: Record<string, string>): Record<string, string> {
  const lower: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) lower[name.toLowerCase()] = value;
  return lower;
}

/** Shorter ones (`1`, `en`, `Bearer`) are no secrets, and every message would be full of holes. */
function isTelling(secret: string): boolean {
  return secret.length >= 8;
}

function unescape(part: string): string {
  return new URLSearchParams(`part=${part.replaceAll('+', '%2B')}`).get('part') ?? '';
}
