import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { TLSSocket } from 'node:tls';
import { isRedisTrouble } from '../../shared/redis/trouble.ts';
import type { ScalingReader } from '../../shared/scaling/scaling-reader.ts';
import { DISCOVERY_DOCUMENTS, GROUP_VERSION } from './discovery-documents.ts';
import { externalMetric } from './external-metrics.ts';
import { refusal, type Peer } from './front-proxy.ts';
import { failure, type KubernetesAnswer } from './status.ts';
import type { TlsMaterial } from './tls-material.ts';

const VALUES = new RegExp(`^/apis/${GROUP_VERSION.replaceAll('.', '\\.')}/namespaces/[^/]+/([^/]+)$`);

export interface AdapterServer {
  server: Server;
  /** New connections are decided by it, and those of before have to be made again. */
  renew(material: TlsMaterial): void;
}

/**
 * `external.metrics.k8s.io/v1beta1` over mutual TLS. Whoever has no certificate of the front proxy gets a connection,
 * and 401 on it: an answer that says why. All is answered in JSON, whatever is preferred.
 */
export function createAdapterServer(
  first: TlsMaterial,
  read: ScalingReader,
  onError: (error: unknown) => void,
): AdapterServer {
  let material = first;
  const verifiedBy = new WeakMap<object, TlsMaterial>();

  async function answer(request: IncomingMessage): Promise<KubernetesAnswer> {
    if (verifiedBy.get(request.socket) !== material)
      return failure(401, 'What is trusted has changed: connect again.');
    const refused = refusal(material.proxy, peerOf(request), request.headers);
    if (refused !== undefined) return failure(401, refused);
    if (request.method !== 'GET') return failure(405, 'Here is only read.');
    const url = URL.parse(request.url ?? '', 'https://adapter');
    const document = url ? DISCOVERY_DOCUMENTS[url.pathname.replace(/(.)\/$/, '$1')] : undefined;
    if (document !== undefined) return { status: 200, body: document };
    const metric = url ? VALUES.exec(url.pathname)?.[1] : undefined;
    if (!url || metric === undefined) return failure(404, `There is nothing here but ${GROUP_VERSION}.`);
    return externalMetric(metric, url.searchParams.get('labelSelector') ?? '', read, new Date());
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body } = await answer(request).catch((error: unknown) => {
      onError(error);
      return isRedisTrouble(error)
        ? failure(503, 'Redis does not answer: the numbers are not known.')
        : failure(500, 'The numbers could not be read; the log says why.');
    });
    response.writeHead(status, {
      'content-type': 'application/json',
      ...(status === 401 ? { connection: 'close' } : {}),
    });
    response.end(JSON.stringify(body));
  }

  const server = createServer(
    { ...contextOf(first), requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' },
    (request, response) => void handle(request, response),
  );
  server.on('secureConnection', (socket) => verifiedBy.set(socket, material));
  return {
    server,
    renew(next) {
      server.setSecureContext({ ...contextOf(next), minVersion: 'TLSv1.2' });
      material = next;
      server.closeIdleConnections();
    },
  };
}

function contextOf({ key, cert, proxy }: TlsMaterial): { key: string; cert: string; ca: string } {
  return { key, cert, ca: proxy.ca };
}

function peerOf({ socket }: IncomingMessage): Peer {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return { verified: false, commonName: undefined };
  const name = socket.getPeerCertificate().subject?.CN;
  return { verified: true, commonName: typeof name === 'string' ? name : undefined };
}
