import { parseDocument } from 'yaml';
import { messageOf } from '../errors.ts';
import { isObject } from '../json-object.ts';
import type { ModelSpec } from '../model.ts';
import { checkSpec, describeFaults, isModelSpec } from '../models/model-file.ts';
import type { EndpointRule } from './endpoint-rule.ts';
import type { Metadata } from './kube-objects.ts';

const SPEC = 'inferq.dev/spec';
const PATH = 'inferq.dev/path';
const MOST_CHARACTERS = 65_536;

/** What is taken where the annotations say nothing. */
export interface Defaults {
  protocol?: string;
  /** By the protocol that is spoken. */
  path: (protocol: unknown) => string;
}

/** A spec, or why there is none, in words that its owner can use. */
export type Reading = { spec: ModelSpec } | { fault: string };

/**
 * The spec in the annotations of an object, with the endpoints that the cluster knows for it. It may name endpoints of
 * its own only where the operator has listed their hosts; a fallback is the operator's to choose, as it makes tenants
 * of one model callers of another.
 */
export function readSpec(
  { name, annotations = {} }: Metadata,
  origins: readonly string[],
  defaults: Defaults,
  rule: EndpointRule,
): Reading {
  const parsed = parseAnnotation(annotations[SPEC] ?? '');
  if ('fault' in parsed) return parsed;
  const { endpoints, ...fields } = parsed.fields;
  const given = { name, ...(defaults.protocol ? { protocol: defaults.protocol } : {}), ...fields };
  if ('fallback' in given) return { fault: `${SPEC}/fallback: is not taken from a cluster` };
  const path = annotations[PATH] ?? defaults.path(given.protocol);
  const own = endpoints === undefined ? ownEndpoints(origins, path) : endpoints;
  if (typeof own === 'string') return { fault: own };
  const spec: unknown = { ...given, endpoints: own };
  const faults = checkSpec(spec);
  if (faults.length > 0 || !isModelSpec(spec)) return { fault: describeFaults(SPEC, faults) };
  const stranger = endpoints === undefined ? undefined : strangerAmong(spec, rule);
  return stranger === undefined ? { spec } : { fault: stranger };
}

function parseAnnotation(text: string): { fields: Record<string, unknown> } | { fault: string } {
  if (text.length > MOST_CHARACTERS) return { fault: `${SPEC}: has more than ${MOST_CHARACTERS} characters` };
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) return { fault: `${SPEC}: ${error.message.split('\n', 1)[0]?.replace(/:$/, '')}` };
  try {
    const value: unknown = document.toJS() ?? {};
    if (isObject(value)) return { fields: value };
  } catch (error) {
    return { fault: `${SPEC}: ${messageOf(error)}` };
  }
  return { fault: `${SPEC}: must be the fields of a model` };
}

/** A path such as `//host/` would lead elsewhere. */
function ownEndpoints(origins: readonly string[], path: string): { url: string }[] | string {
  const urls = origins.map((origin) => URL.parse(path, origin));
  const isPath = path.startsWith('/') && urls.every((url, at) => url?.origin === origins[at]);
  if (!isPath || path.includes('${')) return `${PATH}: must be a path, such as /v1/embed`;
  return urls.map((url) => ({ url: String(url) }));
}

function strangerAmong({ endpoints }: ModelSpec, rule: EndpointRule): string | undefined {
  for (const [at, { url, headers = {} }] of endpoints.entries()) {
    const parsed = URL.parse(url);
    if (!parsed || !rule.isListed(parsed.hostname))
      return `${SPEC}/endpoints/${at}/url: leads to a host that INFERQ_DISCOVERY_ALLOW does not list`;
    // Nothing is replaced in specs of clusters; a reference would be sent as it is written.
    if (`${url}${Object.values(headers).join()}`.includes('${'))
      return `${SPEC}/endpoints/${at}: holds a reference, which is not taken from a cluster`;
  }
  return undefined;
}
