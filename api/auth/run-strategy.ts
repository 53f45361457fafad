import type { Request, Response } from 'express';
import { Passport, type Strategy } from 'passport';

/** An HTTP exchange, as passport wants it. */
export interface Exchange {
  request: Request;
  response: Response;
}

/** Lets a strategy of passport judge a request: what it makes of it; throws what it fails or refuses with. */
export type RunStrategy = (strategy: Strategy, exchange: Exchange) => Promise<unknown>;

export function createStrategyRunner(): RunStrategy {
  const passport = new Passport();
  return (strategy, { request, response }) =>
    new Promise((resolve, reject) => {
      const conclude = (error: unknown, user: unknown, challenge: unknown): void => {
        if (user) resolve(user);
        else reject(toError(error ?? challenge));
      };
      const middleware: unknown = passport.authenticate(strategy, { session: false }, conclude);
      if (typeof middleware === 'function') Reflect.apply(middleware, undefined, [request, response, reject]);
    });
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error('The credential cannot be checked', { cause: thrown });
}
