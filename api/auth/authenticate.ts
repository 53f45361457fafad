import type { Request, Response } from 'express';
import { Passport } from 'passport';
import { InferqError } from '../../shared/errors.ts';
import type { Principal } from '../../shared/principal.ts';
import { BearerStrategy, type FindPrincipal } from './bearer-strategy.ts';

export type Authenticate = (request: Request, response: Response) => Promise<Principal>;

/** Who is asking, by passport's strategies. Throws `unauthenticated` for no or a bad credential. */
export function createAuthenticate(find: FindPrincipal): Authenticate {
  const passport = new Passport();
  passport.use(new BearerStrategy(find));
  return (request, response) =>
    new Promise((resolve, reject) => {
      const conclude = (error: unknown, principal: unknown, challenge: unknown): void => {
        if (error)
          reject(
            error instanceof Error ? error : new Error('The credential cannot be checked', { cause: error }),
          );
        else if (isPrincipal(principal)) resolve(principal);
        else reject(new InferqError('unauthenticated', challengeText(challenge)));
      };
      const middleware: unknown = passport.authenticate('bearer', { session: false }, conclude);
      if (typeof middleware === 'function') Reflect.apply(middleware, undefined, [request, response, reject]);
    });
}

function isPrincipal(value: unknown): value is Principal {
  return typeof value === 'object' && value !== null && 'tenant' in value;
}

function challengeText(challenge: unknown): string {
  return typeof challenge === 'string' ? challenge : 'Send Authorization: Bearer <token>.';
}
