import cors from 'cors';
import type { RequestHandler } from 'express';

/** What a page may read of an answer besides its body. */
const EXPOSED =
  'ETag Location Preference-Applied RateLimit RateLimit-Policy Retry-After WWW-Authenticate X-Request-Id'.split(
    ' ',
  );
const PREFLIGHT_SECONDS = 600;

/** Lets pages of these origins call the API with a token; no cookies are ever used, so none are allowed. */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  return cors({
    origin: [...origins],
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    exposedHeaders: EXPOSED,
    maxAge: PREFLIGHT_SECONDS,
  });
}
