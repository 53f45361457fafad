import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { freePort } from '../../cli/local/ports.ts';
import { startRole, type RoleProcess } from '../../cli/local/role-process.ts';
import type { TestBroker } from './broker.ts';
import type { Certificate } from './certificates.ts';

/** A name and a user, as the front proxy of an API server brings them. */
export const PROXY_NAME = 'front-proxy-client';
export const PROXY = { 'x-remote-user': 'system:serviceaccount:kube-system:horizontal-pod-autoscaler' };

export interface AdapterOptions {
  broker: Pick<TestBroker, 'redisUrl' | 'modelFile'>;
  certificate: Certificate;
  /** Whom it trusts, and what else is not as usual; files go into the folder. */
  env: (folder: string) => Promise<Record<string, string>>;
}

export interface TestAdapter {
  role: RoleProcess;
  /** Has its certificate and key, `tls.crt` and `tls.key`. */
  folder: string;
  metricsUrl: string;
}

/** The adapter as a process of its own, which goes with the test. */
export async function startAdapter(
  t: Pick<ExecutionContext, 'teardown'>,
  { broker, certificate, env }: AdapterOptions,
): Promise<TestAdapter> {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-adapter-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await writeFile(path.join(folder, 'tls.crt'), certificate.cert);
  await writeFile(path.join(folder, 'tls.key'), certificate.key);
  const metricsPort = await freePort();
  const role = await startRole(
    {
      name: 'metrics-adapter',
      file: path.join(import.meta.dirname, '../../api/metrics-adapter/index.ts'),
      log: path.join(folder, 'adapter.log'),
      env: {
        ...process.env,
        REDIS_URL: broker.redisUrl,
        INFERQ_MODELS: broker.modelFile,
        PORT: '0',
        METRICS_PORT: String(metricsPort),
        INFERQ_TLS_CERT: path.join(folder, 'tls.crt'),
        INFERQ_TLS_KEY: path.join(folder, 'tls.key'),
        ...(await env(folder)),
      },
    },
    new AbortController().signal,
  );
  t.teardown(() => role.stop(10_000));
  return { role, folder, metricsUrl: `http://127.0.0.1:${metricsPort}` };
}

/** Trust in the CA of a front proxy that is in a file. */
export function trustInFile(ca: string): AdapterOptions['env'] {
  return async (folder) => {
    await writeFile(path.join(folder, 'proxy-ca.crt'), ca);
    return {
      INFERQ_FRONT_PROXY_CA: path.join(folder, 'proxy-ca.crt'),
      INFERQ_FRONT_PROXY_NAMES: PROXY_NAME,
    };
  };
}

export interface AdapterAnswer {
  status: number;
  type: string | undefined;
  body: unknown;
  /** Of a list of values. */
  items: { metricName: string; metricLabels: Record<string, string>; timestamp: string; value: string }[];
}

export interface AskOptions {
  client?: Partial<Certificate> | undefined;
  headers?: Record<string, string>;
  method?: string;
  ca: string;
  /** Whom the certificate has to name, where that is not the host of the URL. */
  servername?: string;
}

/** On a connection of its own. */
export function askAdapter(
  url: string,
  { client, headers = PROXY, method = 'GET', ca, ...options }: AskOptions,
): Promise<AdapterAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, ca, agent: false, ...client, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const body = JSON.parse(text || 'null');
        const { statusCode: status = 0, headers } = response;
        resolve({ status, type: headers['content-type'], body, items: body?.items ?? [] });
      });
    });
    asked.on('error', reject).end();
  });
}
