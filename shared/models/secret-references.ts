import type { Fault } from '../errors.ts';
import type { Environment } from '../config.ts';
import { pointerStep } from '../json-pointer.ts';
import type { Endpoint, ModelSpec } from '../model.ts';

/** The variables of a worker that a spec from the API may name; it must not carry any other to an endpoint. */
const PREFIX = 'INFERQ_SECRET_';
const REFERENCE = /\$\{(INFERQ_SECRET_[A-Z0-9_]+)\}/;
/** A reference alone, or after the name of a scheme: `Bearer ${INFERQ_SECRET_KEY}`. */
const HEADER = new RegExp(`^(?:[A-Za-z][A-Za-z0-9-]* )?${REFERENCE.source}$`);
/** Headers that say what is asked for, and where: they hold no secret, and may be written as they are. */
export const PLAIN_HEADERS: readonly string[] = [
  'accept',
  'accept-language',
  'content-type',
  'host',
  'user-agent',
];
const TELLING = /key|token|secret|password|signature|^sig$|auth/i;

/** What a spec must not hold that comes over the API: secrets themselves, and references to anything but secrets. */
export function checkSecrets({ endpoints }: ModelSpec): Fault[] {
  return endpoints.flatMap((endpoint, index) => checkEndpoint(endpoint, `/endpoints/${index}`));
}

function checkEndpoint({ url, headers = {} }: Endpoint, pointer: string): Fault[] {
  const urlFault = faultOfUrl(url);
  const inHeaders = Object.entries(headers).flatMap(([name, value]) =>
    HEADER.test(value) || isPlain(name, value)
      ? []
      : [{ pointer: `${pointer}/headers${pointerStep(name)}`, detail: HEADER_RULE }],
  );
  return [...(urlFault ? [{ pointer: `${pointer}/url`, detail: urlFault }] : []), ...inHeaders];
}

/** No reference but to a secret: it would be sent as it is written. */
function isPlain(name: string, value: string): boolean {
  return PLAIN_HEADERS.includes(name.toLowerCase()) && !value.includes('${');
}

const HEADER_RULE =
  `must be a reference to a variable of the workers, such as \${${PREFIX}KEY} or Bearer \${${PREFIX}KEY}: ` +
  `secrets are not sent over the API, and only ${PLAIN_HEADERS.join(', ')} may be written as they are`;

function faultOfUrl(text: string): string | undefined {
  if (text.includes('${')) return 'must not hold references: only headers may';
  const url = URL.parse(text);
  if (!url) return 'is not a URL';
  if (url.username || url.password)
    return 'must not hold a user name or a password: reference them in headers.authorization';
  const telling = [...url.searchParams.keys()].find((name) => TELLING.test(name));
  return telling === undefined
    ? undefined
    : `must not hold '${telling.slice(0, 40)}' in its query: reference it in headers`;
}

/** The spec with its references replaced; or the names of the variables that are not set. */
export function resolveSecrets(
  spec: ModelSpec,
  env: Environment,
): { spec: ModelSpec; missing: readonly string[] } {
  const missing: string[] = [];
  const resolve = (value: string): string =>
    value.replace(REFERENCE, (_, name: string) => {
      if (!env[name]) missing.push(name);
      return env[name] ?? '';
    });
  const endpoints = spec.endpoints.map((endpoint) =>
    endpoint.headers ? { ...endpoint, headers: mapValues(endpoint.headers, resolve) } : endpoint,
  );
  return { spec: { ...spec, endpoints }, missing };
}

/** A file's spec as an admin may see it: without values of headers, credentials and queries. */
export function withoutSecrets(spec: ModelSpec): ModelSpec {
  const endpoints = spec.endpoints.map((endpoint) => ({
    ...endpoint,
    url: shownUrl(endpoint.url),
    ...(endpoint.headers ? { headers: mapValues(endpoint.headers, () => '…') } : {}),
  }));
  return { ...spec, endpoints };
}

function shownUrl(text: string): string {
  const url = URL.parse(text);
  if (!url) return '…';
  return `${url.origin}${url.pathname}${url.search && '?…'}`;
}

function mapValues(record: Record<string, string>, map: (value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
