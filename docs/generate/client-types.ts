import { compile } from 'json-schema-to-typescript';
import type { OpenApi, Schema } from './openapi.ts';

/** What the client calls the bodies and answers that the document does not name: the operation, and of what. */
const NAMES: Record<string, readonly [operation: string, of: 'body' | 'item' | number]> = {
  Model: ['getModelsName', 200],
  ModelSpec: ['putModelsName', 'body'],
  RedriveRequest: ['postModelsNameRedrive', 'body'],
  Redriven: ['postModelsNameRedrive', 202],
  Tenant: ['getTenantsId', 200],
  TenantSettings: ['putTenantsId', 'body'],
  TokenRequest: ['postTenantsIdTokens', 'body'],
  NewToken: ['postTenantsIdTokens', 201],
  Token: ['getTenantsIdTokens', 'item'],
  Usage: ['getTenantsIdUsage', 200],
  AuditEntry: ['getAudit', 'item'],
  Delivery: ['getWebhooksDeliveries', 'item'],
  DeliveryAttempt: ['getJobsIdDeliveries', 'item'],
  Identity: ['getMe', 200],
  Overview: ['getOverview', 200],
  Failures: ['getFailures', 200],
  Readiness: ['getReadyz', 200],
};

const BANNER = '/* Made from the OpenAPI document by `npm run generate`. Do not edit. */';

/** The types of the client, as a TypeScript file. */
export async function clientTypes(document: OpenApi): Promise<string> {
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const named = Object.entries(NAMES).map(([name, [id, of]]): [string, Schema | undefined] => {
    const operation = operations.find(({ operationId }) => operationId === id);
    const content = of === 'body' ? operation?.requestBody?.content : contentOf(operation?.responses, of);
    const schema = content?.['application/json']?.schema;
    return [name, of === 'item' ? schema?.properties?.['data']?.items : schema];
  });
  const definitions = [...Object.entries(document.components.schemas), ...named].map(([name, schema]) => {
    if (!schema) throw new Error(`The document has no schema for ${name}`);
    return [name, forTypeScript(schema)];
  });
  const root: unknown = {
    title: 'Definitions',
    type: 'object',
    definitions: Object.fromEntries(definitions),
  };
  const text = JSON.stringify(root).replaceAll('#/components/schemas/', '#/definitions/');
  const types = await compile(JSON.parse(text), 'Definitions', {
    additionalProperties: false,
    bannerComment: BANNER,
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true, printWidth: 110 },
    unreachableDefinitions: true,
    unknownAny: true,
  });
  return types.replace('export interface Definitions {}\n', '').replace(REFERENCES, '');
}

/** What the compiler says of its own work. */
const REFERENCES =
  /\/\*\*\n \* This interface was referenced by[^/]*\/\n|^ \*\n \* This interface was referenced by(?:(?! \*\/)[^\n]*\n)*/gm;

/** Says what JSON Schema leaves open as TypeScript does. */
function forTypeScript(schema: Schema): object {
  const { items, anyOf, properties, patternProperties, required, ...own } = schema;
  const ofOthers = typeof own.additionalProperties === 'object' ? own.additionalProperties : undefined;
  const [ofAnyName = ofOthers] = Object.values(patternProperties ?? {});
  if (ofAnyName) return { ...own, type: 'object', additionalProperties: forTypeScript(ofAnyName) };
  if (properties) {
    const entries = Object.entries(properties).map(([name, property]) => [name, forTypeScript(property)]);
    return { ...own, required: required ?? [], properties: Object.fromEntries(entries) };
  }
  if (own.type === 'object') return { ...own, tsType: 'Record<string, unknown>' };
  if (items) return { ...own, items: forTypeScript(items) };
  if (anyOf) return { ...own, anyOf: anyOf.map(forTypeScript) };
  const isOpen = [own.$ref, own.type, own.enum, own.const].every((keyword) => keyword === undefined);
  return isOpen ? { ...own, tsType: 'unknown' } : own;
}

function contentOf(
  responses: OpenApi['paths'][string][string]['responses'] | undefined,
  of: 'item' | number,
) {
  return responses?.[of === 'item' ? 200 : of]?.content;
}
