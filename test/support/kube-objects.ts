import type { KubeObject } from './fake-kubernetes.ts';

export interface ServiceOptions {
  namespace?: string;
  spec?: unknown;
  annotations?: Record<string, string>;
  ports?: { name?: string; port: number }[];
  clusterIP?: string;
  created?: string;
}

const LABELS = { 'inferq.dev/model': 'true' };

/** A Service that is a model of protocol `json`. */
export function service(name: string, options: ServiceOptions = {}): KubeObject {
  const { namespace = 'team', spec = {}, annotations = {}, ports = [{ port: 80 }], created } = options;
  const own = typeof spec === 'string' ? spec : JSON.stringify({ ...json, ...Object(spec) });
  return {
    metadata: {
      name,
      namespace,
      labels: LABELS,
      annotations: { 'inferq.dev/spec': own, ...annotations },
      creationTimestamp: created ?? '2026-01-01T00:00:00Z',
    },
    spec: { ports, clusterIP: options.clusterIP ?? 'None' },
  };
}

const json = { protocol: 'json', retry: { attempts: 1, backoff: 0 } };

/** The endpoints of a Service as its controller writes them: ready pods at these URLs, all of one port. */
export function slice(serviceName: string, urls: readonly string[], namespace = 'team'): KubeObject {
  const parsed = urls.map((url) => new URL(url));
  return {
    metadata: {
      name: `${serviceName}-x1`,
      namespace,
      labels: { ...LABELS, 'kubernetes.io/service-name': serviceName },
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: Number(parsed[0]?.port || 80) }],
    endpoints: parsed.map(({ hostname }) => ({
      addresses: [hostname],
      conditions: { ready: true },
      targetRef: { kind: 'Pod', namespace, name: `${serviceName}-pod` },
    })),
  };
}
