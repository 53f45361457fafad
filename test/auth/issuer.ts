import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { toJwk, type SigningKey } from './forge.ts';

export interface Issuer {
  uri: string;
  /** The path and query of every request it got. */
  requests: string[];
  /** What is published from now on. */
  publish(...keys: SigningKey[]): void;
  /** How it answers from now on, instead. */
  behave(how: (response: ServerResponse) => void): void;
  stop: () => Promise<void>;
}

/** A loopback server of a JWKS. */
export async function startIssuer(...keys: SigningKey[]): Promise<Issuer> {
  const requests: string[] = [];
  let how: (response: ServerResponse) => void;
  const publish = (...published: SigningKey[]): void => {
    how = (response) => {
      response.setHeader('content-type', 'application/jwk-set+json');
      response.end(JSON.stringify({ keys: published.map(toJwk) }));
    };
  };
  publish(...keys);
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    how(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    uri: `http://127.0.0.1:${port}/jwks.json`,
    requests,
    publish,
    behave: (answer) => (how = answer),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
