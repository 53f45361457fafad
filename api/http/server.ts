import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { InferqError } from '../../shared/errors.ts';
import { rawAnswer, rawProblem } from '../../shared/raw-problem.ts';
import { closeLingering } from './lingering-close.ts';
import { sendProblem } from './send.ts';

/** How long a client may take to send its headers, and its whole request. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than nginx keeps its side, so that it never writes into a connection that is being closed. */
const KEEP_ALIVE_MS = 75_000;

/** As many requests are seen to at once, those that wait for a job among them: each holds its body and what was read. */
const MOST_IN_HAND = 5000;

/** The HTTP server of the API: strict parsing, and its own limits also without nginx in front. */
export function createHttpServer(
  listener: RequestListener,
  mostInHand = MOST_IN_HAND,
  messages: Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> = {},
): Server {
  let inHand = 0;
  const refused = new WeakSet<Duplex>();
  /** Answered before the request had come whole: a second answer would be taken for that to another request. */
  const answered = new WeakSet<Duplex>();

  function conclude(this: ServerResponse): void {
    inHand -= 1;
    noteEarly(this);
  }

  function noteEarly({ req: request, writableFinished }: ServerResponse): void {
    if (request.complete || !writableFinished) return;
    const { socket } = request;
    answered.add(socket);
    request.once('end', () => answered.delete(socket));
  }

  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: 2000,
      insecureHTTPParser: false,
      requireHostHeader: false,
      ...messages,
    },
    (request, response) => {
      // What follows a refused request on its connection may be meant as a part of it.
      if (refused.has(request.socket) || lingers(request.socket)) return;
      const refusal = refusalOf(request, inHand < mostInHand);
      if (refusal) {
        refused.add(request.socket);
        response.once('close', () => noteEarly(response));
        return refuse(response, refusal);
      }
      inHand += 1;
      response.on('close', conclude);
      listener(request, response);
    },
  );
  const lingers = closeLingering(server);
  // Node keeps it from when it is first asked for. The audit log asks late, when the client may have gone.
  server.on('connection', ({ remoteAddress }) => remoteAddress);
  // Node would answer by itself, without the id of a request.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  // Without this Node would close the connection without a word.
  server.on('connect', (_request, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    socket.end(rawAnswer(new InferqError('invalid_request', NO_PATH)), () => socket.destroy());
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable || answered.has(socket)) socket.destroy();
    // Who was refused has its answer, also where the parser stumbles over the rest.
    else if (!refused.has(socket)) socket.end(rawProblem(error));
  });
  return server;
}

/** As Node sees it. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

function refusalOf(request: IncomingMessage, hasRoom: boolean): InferqError | undefined {
  const fault = faultOf(request);
  if (fault !== undefined) return new InferqError('invalid_request', fault);
  const { expect } = request.headers;
  if (expect !== undefined && !CONTINUE.test(expect))
    return new InferqError('expectation_failed', 'Of Expect only 100-continue is known: leave it out.');
  if (hasRoom) return undefined;
  return new InferqError('broker_full', 'This replica has its hands full: try again.', { retryAfter: 1 });
}

const NO_PATH = 'The target of the request must be a path.';

/** What Node's parser lets through though others may read it otherwise. */
function faultOf({ url, headers, rawHeaders, httpVersion }: IncomingMessage): string | undefined {
  // `GET http://host/path` is for proxies (RFC 9112 §3.2.2); Express would answer some of it with a page of its own.
  if (!url?.startsWith('/')) return NO_PATH;
  // Whoever undoes the other coding reads another body. nginx refuses it too.
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    return 'Of Transfer-Encoding only chunked is known: send the body as it is.';
  // RFC 9112 §3.2 asks for a 400. Node would take the first, and read on where there is none.
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (isHost(rawHeaders[at] ?? '')) hosts += 1;
  if (hosts > 1) return 'The request has more than one Host.';
  return hosts === 0 && httpVersion !== '1.0' ? 'The request has no Host.' : undefined;
}

function isHost(name: string): boolean {
  return name.length === 4 && name.toLowerCase() === 'host';
}

function refuse(response: ServerResponse, refusal: InferqError): void {
  response.setHeader('x-request-id', randomUUID());
  response.setHeader('connection', 'close');
  sendProblem(response, refusal);
}
