import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface KubeObject {
  metadata: {
    name: string;
    namespace: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    resourceVersion?: string;
    creationTimestamp?: string;
  };
  [field: string]: unknown;
}

interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  version: number;
  collection: string;
  object: KubeObject;
}

interface WatchRequest {
  collection: string;
  namespace: string | undefined;
  selector: string;
  response: ServerResponse;
}

export const COLLECTIONS = {
  services: '/api/v1/services',
  pods: '/api/v1/pods',
  configmaps: '/api/v1/configmaps',
  endpointslices: '/apis/discovery.k8s.io/v1/endpointslices',
  inferenceservices: '/apis/serving.kserve.io/v1beta1/inferenceservices',
  inferencepools: '/apis/inference.networking.k8s.io/v1/inferencepools',
  alphainferencepools: '/apis/inference.networking.x-k8s.io/v1alpha2/inferencepools',
} as const;

type Collection = keyof typeof COLLECTIONS;

/** An API server that lists, watches and patches over real HTTP, and fails as the test says. */
export async function startFakeKubernetes(kinds: readonly Collection[] = ['services', 'endpointslices']) {
  const objects = new Map<string, Map<string, KubeObject>>(
    kinds.map((kind) => [COLLECTIONS[kind], new Map()]),
  );
  const watches = new Set<WatchRequest>();
  const requests: string[] = [];
  const patches: { path: string; body: unknown; type: string | undefined }[] = [];
  let changes: Change[] = [];
  let version = 1;
  let oldest = 0;
  const behaviour = { listDelayMs: 0, status: 0, watchStatus: 0 };
  let server = await listen(0);
  const port = portOf(server);

  async function listen(at: number): Promise<Server> {
    const made = createServer((request, response) => void handle(request, response));
    made.listen(at, '127.0.0.1');
    await once(made, 'listening');
    return made;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests.push(request.url ?? '');
    const url = new URL(request.url ?? '', 'http://x');
    const found = locate(url.pathname);
    const isWatch = url.searchParams.get('watch') === 'true';
    const status = behaviour.status || (isWatch && behaviour.watchStatus) || (found ? 0 : 404);
    if (!found || status) return answer(response, { kind: 'Status', code: status }, status);
    const { collection, namespace, name } = found;
    if (request.method === 'PATCH') {
      const body = JSON.parse(await text(request)) as unknown;
      patches.push({ path: url.pathname, body, type: request.headers['content-type'] });
      return answer(response, {});
    }
    if (name !== undefined) {
      const object = objects.get(collection)?.get(`${namespace}/${name}`);
      return answer(response, object ?? {}, object ? 200 : 404);
    }
    const selector = url.searchParams.get('labelSelector') ?? '';
    if (isWatch) {
      const from = Number(url.searchParams.get('resourceVersion'));
      return openWatch({ collection, namespace, selector, response }, from);
    }
    // As it was when it was asked for: a slow answer is an old one.
    const items = [...(objects.get(collection)?.values() ?? [])].filter((object) =>
      isWanted(object, namespace, selector),
    );
    const list = JSON.stringify({ kind: 'List', metadata: { resourceVersion: String(version) }, items });
    setTimeout(
      () => response.writeHead(200, { 'content-type': 'application/json' }).end(list),
      behaviour.listDelayMs,
    );
  }

  function openWatch(watch: WatchRequest, from: number): void {
    const { response } = watch;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (from < oldest) return expire(watch);
    watches.add(watch);
    response.on('close', () => watches.delete(watch));
    for (const change of changes) if (change.version > from) tell(watch, change);
  }

  function expire({ response }: WatchRequest): void {
    const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
    response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
  }

  function tell({ collection, namespace, selector, response }: WatchRequest, change: Change): void {
    if (change.collection !== collection || !isWanted(change.object, namespace, selector)) return;
    response.write(`${JSON.stringify({ type: change.type, object: change.object })}\n`);
  }

  function record(type: Change['type'], collection: string, object: KubeObject): void {
    const metadata = { ...object.metadata, resourceVersion: String(++version) };
    const change = { type, version, collection, object: { ...object, metadata } };
    changes.push(change);
    const kept = objects.get(collection);
    if (type === 'DELETED') kept?.delete(keyOf(object));
    else kept?.set(keyOf(object), change.object);
    for (const watch of watches) tell(watch, change);
  }

  return {
    url: `http://127.0.0.1:${port}`,
    kubeconfig: kubeconfigOf(`http://127.0.0.1:${port}`),
    requests,
    patches,
    behaviour,
    set(kind: Collection, object: KubeObject): void {
      const collection = COLLECTIONS[kind];
      record(objects.get(collection)?.has(keyOf(object)) ? 'MODIFIED' : 'ADDED', collection, object);
    },
    remove(kind: Collection, namespace: string, name: string): void {
      const object = objects.get(COLLECTIONS[kind])?.get(`${namespace}/${name}`);
      if (object) record('DELETED', COLLECTIONS[kind], object);
    },
    openWatches: (kind: Collection): number =>
      [...watches].filter(({ collection }) => collection === COLLECTIONS[kind]).length,
    /** Ends the watches with 410, and forgets what went before. */
    forget(): void {
      changes = [];
      oldest = ++version;
      for (const watch of watches) expire(watch);
      watches.clear();
    },
    /** Cuts the connections of the watches in the middle of a line. */
    cut(): void {
      for (const { response } of watches) {
        response.write('{"type":"MODIFIED","object":{"meta');
        response.socket?.destroy();
      }
    },
    async down(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    async up(): Promise<void> {
      server = await listen(port);
    },
    stop: async (): Promise<void> => {
      if (!server.listening) return;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  /** A path with or without a namespace and a name, where it is of a kind that there is. */
  function locate(
    path: string,
  ): { collection: string; namespace: string | undefined; name: string | undefined } | undefined {
    const match = /^(.*?)(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?$/.exec(path);
    const [, group = '', namespace, kind = '', name] = match ?? [];
    const collection = `${group}/${kind}`;
    return objects.has(collection) ? { collection, namespace, name } : undefined;
  }
}

export type FakeKubernetes = Awaited<ReturnType<typeof startFakeKubernetes>>;

function kubeconfigOf(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'here', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'me', user: { token: 'secret-of-the-cluster' } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
  });
}

function isWanted({ metadata }: KubeObject, namespace: string | undefined, selector: string): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  return selector
    .split(',')
    .filter((part) => part !== '')
    .every((part) => {
      const [key = '', value] = part.split('=');
      return metadata.labels?.[key] === value;
    });
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function answer(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

async function text(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
