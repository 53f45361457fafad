import type { Request } from 'express';
import { InferqError } from '../../shared/errors.ts';
import type { Events } from '../../shared/events.ts';
import type { Principal } from '../../shared/principal.ts';
import { isRedisTrouble } from '../../shared/redis/trouble.ts';
import type { Authenticate } from '../auth/authenticate.ts';
import { requireScope } from '../auth/authorize.ts';
import { unknownCredential } from '../auth/challenge.ts';
import { ExpressCall } from './call.ts';
import type { DepartureOf } from './departures.ts';
import type { Exchange } from './exchange.ts';
import { readJsonBody } from './json-body.ts';
import type { FoundRoute } from './route-table.ts';
import type { Call, Route } from './route.ts';
import { send, sendProblem } from './send.ts';
import type { InTurn } from './turns.ts';

export interface ServeParts {
  authenticate: Authenticate;
  events: Events;
  /** In bytes. */
  maxBody: number;
  departureOf: DepartureOf;
  turnsFor: (bytes: number) => InTurn;
}

const anonymous: Principal = { tenant: '', subject: '', scopes: [], models: [] };

/** Answers a request by its route: with what the route's handler gives, or with what went wrong. */
export async function serve(parts: ServeParts, found: FoundRoute, exchange: Exchange): Promise<void> {
  const { route } = found;
  exchange.route = route.path;
  try {
    const call = await toCall(parts, found, exchange);
    const answer = await route.handle(call);
    if (exchange.isRevoked) throw unknownCredential();
    const sending = send(exchange.response, answer, exchange.headers);
    if (sending) await sending;
  } catch (error) {
    answerFault(parts, exchange, error);
  }
}

/** Tells the client what went wrong, and the log where that is our own fault. */
export function answerFault(
  { events }: Pick<ServeParts, 'events'>,
  exchange: Exchange,
  error: unknown,
): void {
  const known = toInferqError(error);
  if (known.code === 'internal') events.emit('request.crashed', { requestId: exchange.requestId, error });
  exchange.errorType = known.code;
  sendProblem(exchange.response, known, exchange.headers);
}

async function toCall(
  parts: ServeParts,
  { route, parameters }: FoundRoute,
  exchange: Exchange,
): Promise<Call> {
  const { request, response } = exchange;
  const principal = route.scope === 'public' ? anonymous : await parts.authenticate(request, response);
  if (route.scope !== 'public' && route.scope !== 'any') requireScope(principal, route.scope);
  if (principal !== anonymous) exchange.tenant = principal.tenant;
  const { maxBody, turnsFor, departureOf } = parts;
  const body = takesBody(route, request) ? await readJsonBody(request, maxBody, turnsFor) : undefined;
  return new ExpressCall({ exchange, principal, parameters, body, departureOf });
}

function takesBody({ body, bodyOptional }: Route, { headers }: Request): boolean {
  if (!body) return false;
  if (!bodyOptional) return true;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
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
