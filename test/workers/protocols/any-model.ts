import type { ModelSpec } from '../../../shared/model.ts';

/** A model's spec with every field that protocols do not look at at its default. */
export function modelNamed(name: string): ModelSpec {
  return {
    name,
    version: '1',
    protocol: 'json',
    endpoints: [{ url: 'http://127.0.0.1:9/', weight: 1, priority: 0 }],
    input_schema: {},
    output_schema: {},
    cache: { ttl: 3600, scope: 'tenant' },
    timeout: 30,
    retry: { attempts: 3, backoff: 1 },
    concurrency: 16,
    queue: { max_depth: 100_000, max_depth_per_tenant: 10_000 },
    access: { tenants: ['*'] },
    retention: 86_400,
  };
}
