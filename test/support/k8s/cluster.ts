import { once } from 'node:events';
import { request as requestHttp, type IncomingHttpHeaders } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import { createServer } from 'node:net';
import { KubeConfig, PortForward } from '@kubernetes/client-node';
import { isMap, kindOf, listAt, nameOf, textAt, type Manifest } from './manifest.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: unknown;
}

export interface Cluster {
  name: string;
  request(method: string, path: string, options?: RequestBody): Promise<Answer>;
  /** Where the object is, or undefined where the cluster does not know its kind. */
  pathOf(object: Manifest): Promise<string | undefined>;
  /** Server-side apply, strict about fields. */
  apply(object: Manifest, options?: { dryRun?: boolean }): Promise<Answer>;
  remove(object: Manifest): Promise<void>;
  /** A port of this machine that leads to the port of a Service's pod; goes with `stop`. */
  forward(service: string, port: number): Promise<number>;
  stop(): Promise<void>;
}

export interface RequestBody {
  body?: unknown;
  type?: string;
  headers?: Record<string, string>;
}

const NAMESPACE = 'inferq';

/** The cluster that KUBECONFIG names; undefined without one. */
export function openCluster(kubeconfig: string | undefined): Cluster | undefined {
  if (!kubeconfig) return undefined;
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = new URL(config.getCurrentCluster()?.server ?? '');
  const groups = new Map<string, Promise<Answer>>();
  const forwards: (() => Promise<void>)[] = [];

  async function request(
    method: string,
    path: string,
    { body, type, headers }: RequestBody = {},
  ): Promise<Answer> {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const open = server.protocol === 'http:' ? requestHttp : requestHttps;
    const sent = open(new URL(path, server), {
      ...options,
      method,
      headers: {
        accept: 'application/json',
        'content-type': type ?? 'application/json',
        ...plain(options.headers),
        ...headers,
      },
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    return new Promise((resolve, reject) => {
      sent.on('error', reject);
      sent.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parse(text) }),
        );
      });
    });
  }

  async function pathOf(object: Manifest): Promise<string | undefined> {
    const version = textAt(object, 'apiVersion');
    const root = version.includes('/') ? `/apis/${version}` : `/api/${version}`;
    const known = groups.get(root) ?? request('GET', root);
    groups.set(root, known);
    const { body } = await known;
    const resource = listAt(body, 'resources').find(
      (each) => textAt(each, 'kind') === kindOf(object) && !textAt(each, 'name').includes('/'),
    );
    if (!isMap(resource)) return undefined;
    const space =
      resource['namespaced'] === true ? `/namespaces/${textAt(object, 'metadata', 'namespace')}` : '';
    return `${root}${space}/${textAt(resource, 'name')}/${nameOf(object)}`;
  }

  return {
    name: config.getCurrentContext(),
    request,
    pathOf,
    async apply(object, { dryRun = false } = {}) {
      const path = await pathOf(object);
      if (path === undefined) throw new Error(`The cluster knows no ${kindOf(object)}`);
      const query = `fieldManager=inferq-test&force=true&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
      return request('PATCH', `${path}?${query}`, { body: object, type: 'application/apply-patch+yaml' });
    },
    async remove(object) {
      const path = await pathOf(object);
      if (path !== undefined) await request('DELETE', path, { body: { propagationPolicy: 'Background' } });
    },
    async forward(service, port) {
      const forwarder = new PortForward(config);
      const listener = createServer((socket) => {
        forwarder
          .portForwardService(NAMESPACE, service, [port], socket, null, socket)
          .catch((error: unknown) => socket.destroy(error instanceof Error ? error : undefined));
        socket.on('error', () => socket.destroy());
      });
      listener.listen(0, '127.0.0.1');
      await once(listener, 'listening');
      forwards.push(async () => void listener.close());
      const address = listener.address();
      return isMap(address) ? Number(address['port']) : 0;
    },
    async stop() {
      await Promise.all(forwards.map((close) => close()));
    },
  };
}

function plain(headers: RequestOptions['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
