import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { fullName, type ModelSpec } from './model.ts';

/**
 * The key under which a result is shared: a SHA-256 over the model, the scope and the input as canonical JSON
 * (RFC 8785), so that key order and the spelling of numbers make no difference. Undefined where the model's results
 * are not cached.
 */
export function cacheKey(model: ModelSpec, tenant: string, input: unknown): string | undefined {
  if (!isCached(model)) return undefined;
  const owner = model.cache.scope === 'shared' ? null : tenant;
  const text = canonicalize([fullName(model), specDigest(model), owner, input]);
  return hash('sha256', text ?? '', 'base64url');
}

/** Whether results of the model are shared at all. */
export function isCached({ cache }: ModelSpec): boolean {
  return cache.scope !== 'off' && cache.ttl !== 0;
}

const digests = new WeakMap<ModelSpec, string>();

// What decides the output: a changed transform or endpoint must not be answered from before the change.
function specDigest(model: ModelSpec): string {
  const known = digests.get(model);
  if (known) return known;
  const { protocol, endpoints, preprocess, postprocess, output_schema: output } = model;
  const urls = endpoints.map(({ url }) => url);
  const text = JSON.stringify([protocol, urls, preprocess, postprocess, output]);
  const digest = hash('sha256', text, 'base64url').slice(0, 16);
  digests.set(model, digest);
  return digest;
}
