import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { EdgeConfig } from '../shared/edge-config.ts';
import { InferqError } from '../shared/errors.ts';
import type { Events } from '../shared/events.ts';
import {
  formatTraceparent,
  parseTraceparent,
  type Place,
  type Tracing,
} from '../shared/observe/trace-context.ts';
import type { Principal } from '../shared/principal.ts';
import { isRedisTrouble } from '../shared/redis/trouble.ts';
import type { Authenticate } from './auth/authenticate.ts';
import { requireScope } from './auth/authorize.ts';
import { createDashboard } from './dashboard/page.ts';
import { createDocs } from './docs/page.ts';
import { allowOrigins } from './http/cors.ts';
import { readJsonBody } from './http/json-body.ts';
import { requestIdOf } from './http/request-id.ts';
import type { Call, Route } from './http/route.ts';
import { send, sendProblem } from './http/send.ts';
import { createTurns, type InTurn } from './http/turns.ts';
import { describeApi } from './openapi.ts';

export interface AppParts {
  routes: readonly Route[];
  authenticate: Authenticate;
  events: Events;
  tracing: Tracing;
  version: string;
  edge: EdgeConfig;
  /** In bytes. */
  maxBody: number;
  /** Aborted when the replica shuts down: whoever waits gets an answer, streams end. */
  closing: AbortSignal;
}

/** Express put together: the order here is the order in which a request is looked at. */
export function createApp({
  routes,
  authenticate,
  events,
  tracing,
  version,
  edge,
  maxBody,
  closing,
}: AppParts): Express {
  const app = express();
  const turnsFor = createTurns();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.set('trust proxy', edge.trustedProxies);
  app.use((request, response, next) => observe({ events, tracing }, request, response, next));
  app.use(
    helmet({
      strictTransportSecurity: false,
      contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    }),
  );
  if (edge.corsOrigins.length > 0) app.use(allowOrigins(edge.corsOrigins));
  for (const route of routes) {
    app[route.method](expressPath(route.path), async (request, response) => {
      response.locals['route'] = route.path;
      const call = await toCall(route, { authenticate, maxBody, closing, turnsFor }, request, response);
      await send(response, await route.handle(call));
    });
  }
  refuseOtherMethods(app, routes);
  app.get('/', (_request, response) => response.redirect('/docs'));
  app.use(createDocs(describeApi(routes, version)), createDashboard());
  app.use(() => {
    throw new InferqError('not_found', 'There is nothing at this path. GET /docs shows what there is.');
  });
  app.use(async (error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const known = toInferqError(error);
    if (known.code === 'internal') events.emit('request.crashed', { requestId: requestId(response), error });
    response.locals['errorType'] = known.code;
    await sendProblem(response, known);
  });
  return app;
}

const anonymous: Principal = { tenant: '', subject: '', scopes: [], models: [] };

interface CallParts extends Pick<AppParts, 'authenticate' | 'maxBody' | 'closing'> {
  turnsFor: (bytes: number) => InTurn;
}

async function toCall(
  route: Route,
  { authenticate, maxBody, closing, turnsFor }: CallParts,
  request: Request,
  response: Response,
): Promise<Call> {
  const principal = route.scope === 'public' ? anonymous : await authenticate(request, response);
  if (route.scope !== 'public' && route.scope !== 'any') requireScope(principal, route.scope);
  response.locals['tenant'] = principal.tenant;
  const body = takesBody(route, request) ? await readJsonBody(request, maxBody, turnsFor) : undefined;
  let signal: AbortSignal | undefined;
  return {
    principal,
    requestId: requestId(response),
    traceparent: placeOf(response)?.own ?? traceparentOf(request),
    address: request.ip ?? '',
    parameters: Object.fromEntries(
      Object.entries(request.params).map(([name, value]) => [name, String(value)]),
    ),
    query: queryOf(request.originalUrl),
    header: (name) => request.get(name),
    body: body?.value,
    inTurn: body?.inTurn ?? ((step) => step()),
    get signal() {
      signal ??= signalOf(response, closing);
      return signal;
    },
  };
}

/** Made for those who ask: most requests are answered before anybody could leave. */
function signalOf(response: Response, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  if (response.closed || response.destroyed) gone.abort();
  else response.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, closing]);
}

function takesBody({ body, bodyOptional }: Route, { headers }: Request): boolean {
  if (!body) return false;
  const isEmpty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
  return !(bodyOptional && isEmpty);
}

function observe(
  { events, tracing }: Pick<AppParts, 'events' | 'tracing'>,
  request: Request,
  response: Response,
  next: NextFunction,
): void {
  const started = performance.now();
  const trace = tracing.begin(request.get('traceparent'));
  response.locals['trace'] = trace;
  const id = requestIdOf(request.get('x-request-id'));
  response.locals['requestId'] = id;
  response.setHeader('x-request-id', id);
  response.once('close', () => {
    const { route, tenant, errorType } = response.locals;
    events.emit('request.answered', {
      method: request.method,
      route: typeof route === 'string' ? route : 'none',
      status: response.statusCode,
      milliseconds: performance.now() - started,
      requestId: id,
      ...(tenant ? { tenant } : {}),
      ...(errorType ? { errorType } : {}),
      ...(trace ? { trace } : {}),
    });
  });
  next();
}

function requestId(response: Response): string {
  return String(response.locals['requestId']);
}

function placeOf(response: Response): Place | undefined {
  return response.locals['trace'];
}

/** The client's, where no traces are made: it is passed on. */
function traceparentOf(request: Request): string | undefined {
  const context = parseTraceparent(request.get('traceparent'));
  return context && formatTraceparent(context);
}

function refuseOtherMethods(app: Express, routes: readonly Route[]): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
    app.all(expressPath(path), (request, response) => {
      response.setHeader('allow', methods.join(', '));
      throw new InferqError(
        'method_not_allowed',
        `${request.method} is not for this path: it takes ${methods.join(', ')}.`,
      );
    });
  }
}

function queryOf(target: string): URLSearchParams {
  const at = target.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : target.slice(at + 1));
}

function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

function toInferqError(error: unknown): InferqError {
  if (error instanceof InferqError) return error;
  if (error instanceof URIError) return new InferqError('invalid_request', 'The path is not well-formed.');
  if (isRedisTrouble(error))
    return new InferqError(
      'redis_unavailable',
      'Redis does not answer: try again. A submission with an Idempotency-Key is safe to repeat.',
      {
        retryAfter: 1,
        cause: error,
      },
    );
  return new InferqError(
    'internal',
    'Something went wrong in the broker. The request id finds it in the log.',
    { cause: error },
  );
}
