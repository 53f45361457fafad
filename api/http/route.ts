import type { Readable } from 'node:stream';
import type { TSchema } from 'typebox';
import type { AnswerHeader } from './answer-headers.ts';
import type { InTurn } from './turns.ts';
import type { Principal, Scope } from '../../shared/principal.ts';

/** A request as use cases see it: nothing of Express. */
export interface Call {
  principal: Principal;
  requestId: string;
  traceparent: string | undefined;
  /** Where the client is, as far as the trusted proxies say. */
  address: string;
  parameters: Readonly<Record<string, string>>;
  /** What the paths in an answer begin with: '' for one's own, else the tenant's in whose name an admin asks. */
  base: string;
  query: URLSearchParams;
  header(name: string): string | undefined;
  /** The parsed body; undefined where the route takes none. */
  body: unknown;
  /** The length of the body as it came, whether or not the client said it beforehand. */
  bodyBytes: number;
  /** How work that grows with the body is to be done. */
  inTurn: InTurn;
  /** Aborted when the client goes away. */
  signal: AbortSignal;
}

/** What is sent back: a JSON text, any value to be made JSON, a stream, or nothing. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  json?: string;
  value?: unknown;
  stream?: Readable;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  description: string;
  schema: TSchema;
}

/** What the answers of a status mean, the schema of their JSON or their media type, and their headers. */
export interface RouteAnswer {
  description: string;
  schema?: TSchema;
  type?: string;
  headers?: readonly AnswerHeader[];
}

/**
 * One thing that the API does. The list of routes is the one source of what Express serves, of who may call it and
 * of the OpenAPI document.
 */
export interface Route {
  method: 'get' | 'post' | 'put' | 'delete';
  /** As in OpenAPI: `/jobs/{id}`. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  /** The scope that a principal needs; `any` needs a credential, whatever its scopes, and `public` none. */
  scope: Scope | 'any' | 'public';
  parameters?: readonly Parameter[];
  body?: TSchema;
  /** A request without a body is as good. */
  bodyOptional?: boolean;
  /** By status. */
  answers: Readonly<Record<number, RouteAnswer>>;
  handle(call: Call): Promise<Answer>;
}
