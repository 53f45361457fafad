import { once } from 'node:events';
import { request as requestHttp, type IncomingHttpHeaders } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { KubeConfig, PortForward, type User } from '@kubernetes/client-node';
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
  forward(namespace: string, service: string, port: number): Promise<number>;
  /** The same cluster for an account of it, by a token that holds as long as the pod where one is named. */
  as(account: Account): Promise<Cluster>;
  /** For other processes. */
  kubeconfig(): string;
  /** The certificate of whoever asks, where it is by one. */
  clientCertificate(): { cert: string; key: string } | undefined;
  /** Nobody else has to be on the way to it: a server of this machine. */
  isLocal: boolean;
  stop(): Promise<void>;
}

export interface Account {
  namespace: string;
  name: string;
  pod?: Manifest;
}

export interface RequestBody {
  body?: unknown;
  type?: string;
  headers?: Record<string, string>;
}

const TIMEOUT_MS = 30_000;
const TOKEN_SECONDS = 7200;

/** The cluster that KUBECONFIG names, in several files as kubectl takes it; undefined without one. */
export function openCluster(kubeconfig: string | undefined): Cluster | undefined {
  if (!kubeconfig) return undefined;
  const config = new KubeConfig();
  for (const [at, file] of kubeconfig.split(path.delimiter).filter(Boolean).entries()) {
    const next = new KubeConfig();
    next.loadFromFile(file);
    if (at === 0) config.loadFromFile(file);
    else config.mergeConfig(next);
  }
  return clusterOf(config);
}

function clusterOf(config: KubeConfig): Cluster {
  const server = new URL(config.getCurrentCluster()?.server ?? '');
  const groups = new Map<string, Promise<Answer>>();
  const forwards: (() => Promise<void>)[] = [];

  async function request(
    method: string,
    where: string,
    { body, type, headers }: RequestBody = {},
  ): Promise<Answer> {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const open = server.protocol === 'http:' ? requestHttp : requestHttps;
    const sent = open(new URL(where, server), {
      ...options,
      method,
      timeout: TIMEOUT_MS,
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
      sent.on('timeout', () => sent.destroy(new Error(`${server.href} does not answer ${method} ${where}`)));
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
      const place = await pathOf(object);
      if (place === undefined) throw new Error(`The cluster knows no ${kindOf(object)}`);
      const query = `fieldManager=inferq-test&force=true&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
      return request('PATCH', `${place}?${query}`, { body: object, type: 'application/apply-patch+yaml' });
    },
    async remove(object) {
      const place = await pathOf(object);
      if (place !== undefined) await request('DELETE', place, { body: { propagationPolicy: 'Background' } });
    },
    async forward(namespace, service, port) {
      const forwarder = new PortForward(config);
      const listener = createServer((socket) => {
        forwarder
          .portForwardService(namespace, service, [port], socket, null, socket)
          .catch((error: unknown) => socket.destroy(error instanceof Error ? error : undefined));
        socket.on('error', () => socket.destroy());
      });
      listener.listen(0, '127.0.0.1');
      await once(listener, 'listening');
      forwards.push(async () => void listener.close());
      const address = listener.address();
      return isMap(address) ? Number(address['port']) : 0;
    },
    kubeconfig: () => config.exportConfig(),
    clientCertificate: () => certificateOf(config.getCurrentUser()),
    async as({ namespace, name, pod }) {
      const boundObjectRef = pod && {
        kind: 'Pod',
        apiVersion: 'v1',
        name: nameOf(pod),
        uid: textAt(pod, 'metadata', 'uid'),
      };
      const asked = await request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
        body: {
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenRequest',
          spec: { expirationSeconds: TOKEN_SECONDS, ...(boundObjectRef && { boundObjectRef }) },
        },
      });
      const token = textAt(asked.body, 'status', 'token');
      if (token === '')
        throw new Error(
          `No token for ${namespace}/${name}: ${asked.status} ${textAt(asked.body, 'message')}`,
        );
      return clusterOf(withToken(config, token));
    },
    isLocal: ['127.0.0.1', 'localhost', '[::1]'].includes(server.hostname),
    async stop() {
      await Promise.all(forwards.map((close) => close()));
    },
  };
}

function certificateOf(user: User | null): { cert: string; key: string } | undefined {
  const cert = pemOf(user?.certData, user?.certFile);
  const key = pemOf(user?.keyData, user?.keyFile);
  return cert !== undefined && key !== undefined ? { cert, key } : undefined;
}

function pemOf(data: string | undefined, file: string | undefined): string | undefined {
  if (data !== undefined) return Buffer.from(data, 'base64').toString();
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}

function withToken(config: KubeConfig, token: string): KubeConfig {
  const own = new KubeConfig();
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error('The kubeconfig names no cluster.');
  const { caData } = cluster;
  const ca = caData ?? (cluster.caFile ? readFileSync(cluster.caFile).toString('base64') : undefined);
  own.loadFromClusterAndUser(
    {
      name: 'c',
      server: cluster.server,
      skipTLSVerify: cluster.skipTLSVerify,
      ...(ca ? { caData: ca } : {}),
    },
    { name: 'account', token },
  );
  return own;
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
