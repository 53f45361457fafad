import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { EdgeConfig } from '../shared/edge-config.ts';
import { InferqError } from '../shared/errors.ts';
import type { Events } from '../shared/events.ts';
import type { Tracing } from '../shared/observe/trace-context.ts';
import type { Authentication } from './auth/authenticate.ts';
import { createDashboard } from './dashboard/page.ts';
import { createDocs } from './docs/page.ts';
import { allowOrigins } from './http/cors.ts';
import { watchDepartures } from './http/departures.ts';
import { Exchange, exchangeOf } from './http/exchange.ts';
import { createRouteTable } from './http/route-table.ts';
import type { Route } from './http/route.ts';
import { secureHeaders } from './http/secure-headers.ts';
import { answerFault, serve } from './http/serve.ts';
import { createTurns } from './http/turns.ts';
import { describeApi } from './openapi.ts';

export interface AppParts extends Authentication {
  routes: readonly Route[];
  events: Events;
  tracing: Tracing;
  version: string;
  edge: EdgeConfig;
  /** In bytes. */
  maxBody: number;
  /** Aborted when the replica shuts down: whoever waits gets an answer, streams end. */
  closing: AbortSignal;
}

/** What is there besides the routes; all of it is only read. */
const PAGES = ['/', '/docs', '/openapi.json', '/dashboard', '/dashboard/{*path}'];

/** Express put together: the order here is the order in which a request is looked at. */
export function createApp({
  routes,
  authenticate,
  isRevoked,
  events,
  tracing,
  version,
  edge,
  maxBody,
  closing,
}: AppParts): Express {
  const app = express();
  const departureOf = watchDepartures({ closing, isRevoked });
  const parts = { authenticate, events, maxBody, departureOf, turnsFor: createTurns() };
  const exchanges = { events, tracing, headers: secureHeaders() };
  const find = createRouteTable(routes);
  const answersPages = edge.corsOrigins.length > 0;
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.set('trust proxy', edge.trustedProxies);
  app.use((request, response, next) => {
    const exchange = new Exchange(exchanges, request, response);
    const found = answersPages ? undefined : find(request.method, request.url);
    // Express takes a promise that is rejected for a fault.
    if (found) return serve(parts, found, exchange);
    exchange.setHeaders();
    next();
    return undefined;
  });
  if (answersPages) app.use(allowOrigins(edge.corsOrigins));
  for (const route of routes) {
    app[route.method](expressPath(route.path), (request, response) =>
      serve(parts, { route, parameters: parametersOf(request) }, exchangeOf(response)),
    );
  }
  for (const [path, those] of Map.groupBy(routes, (route) => route.path))
    refuseOtherMethods(
      app,
      expressPath(path),
      those.map(({ method }) => method.toUpperCase()),
    );
  app.get('/', (_request, response) => response.redirect('/docs'));
  app.use(createDocs(describeApi(routes, version)), createDashboard());
  for (const path of PAGES) refuseOtherMethods(app, path, ['GET']);
  app.use(() => {
    throw new InferqError('not_found', 'There is nothing at this path. GET /docs shows what there is.');
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) =>
    answerFault(parts, exchangeOf(response), error),
  );
  return app;
}

function parametersOf({ params }: Request): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));
}

/** The path is Express's; a request that comes here has met nothing that takes its method. */
function refuseOtherMethods(app: Express, path: string, methods: readonly string[]): void {
  // Express answers HEAD as GET, without the body.
  const taken = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  app.all(path, (request, response) => {
    response.setHeader('allow', taken);
    throw new InferqError('method_not_allowed', `${request.method} is not for this path: it takes ${taken}.`);
  });
}

function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}
