import { once } from 'node:events';
import { createServer, IncomingMessage } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import S3rver from 's3rver';
import { isSigned } from './signature-v4.ts';

export const S3_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };

export interface S3Server {
  /** For INFERQ_BLOBS. */
  place: string;
  /** Where the objects lie: what is there can be seen without asking the server. */
  folder: string;
  stop: () => Promise<void>;
}

/** A server that speaks S3 and checks signatures, which s3rver leaves out; on a free port, with one bucket. */
export async function startS3Server(): Promise<S3Server> {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-s3-'));
  const s3 = new S3rver({ directory: folder, silent: true, configureBuckets: [{ name: 'inferq' }] });
  await s3.configureBuckets();
  const answer = s3.callback();
  const server = createServer((request, response) => {
    void (async () => {
      const { method = '', url: target = '', headers } = request;
      const body = await buffer(request);
      if (!isSigned({ method, target, headers, body }, S3_CREDENTIALS.AWS_SECRET_ACCESS_KEY)) {
        response.writeHead(403).end('SignatureDoesNotMatch');
        return;
      }
      // The body has been read: s3rver gets the request again, with the body in it.
      const again = new IncomingMessage(request.socket);
      again.push(body);
      again.push(null);
      answer(
        Object.assign(again, {
          method,
          url: target,
          headers,
          httpVersionMajor: 1,
          httpVersionMinor: 1,
          complete: true,
        }),
        Object.assign(response, { req: again }),
      );
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    place: `s3://inferq/large?endpoint=http://127.0.0.1:${port}`,
    folder: path.join(folder, 'inferq'),
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
