import { isOpenApi, type OpenApi } from '../../docs/generate/openapi.ts';
import { readDocument } from './document.ts';

/** The copy of the OpenAPI document; a test compares it with what an API serves. */
export function readOpenApi(): OpenApi {
  const document: unknown = JSON.parse(readDocument('docs/openapi.json'));
  if (!isOpenApi(document)) throw new Error('docs/openapi.json is no OpenAPI document');
  return document;
}

/** `GET /jobs/{id}` and so on. */
export function routesOf(): string[] {
  return Object.entries(readOpenApi().paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
}
