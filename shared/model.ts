import { Type, type Static } from 'typebox';

/** The protocols that a worker speaks to a model server; one file each in `workers/protocols/`. */
export const PROTOCOLS = [
  'json',
  'open-inference-v2',
  'kserve-v1',
  'openai-chat',
  'openai-completions',
  'openai-embeddings',
  'text-generation',
  'text-embeddings',
  'mlflow',
  'torchserve',
  'cog',
] as const;
export type ProtocolName = (typeof PROTOCOLS)[number];

const JsonSchema = Type.Unsafe<Record<string, unknown>>({ type: 'object' });

const Endpoint = Type.Object(
  {
    url: Type.String({ pattern: '^https?://', description: 'Where the model answers; may be private' }),
    weight: Type.Number({ default: 1, exclusiveMinimum: 0 }),
    priority: Type.Integer({ default: 0, minimum: 0, description: 'Lower is tried first' }),
    headers: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  { additionalProperties: false },
);
export type Endpoint = Static<typeof Endpoint>;

/** A model as its owner writes it, with every default filled in. Durations are seconds unless named `_ms`. */
export const ModelSpec = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' }),
    version: Type.String({ default: '1', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$' }),
    description: Type.Optional(Type.String({ maxLength: 1000 })),
    traffic: Type.Optional(
      Type.Number({ minimum: 0, maximum: 100, description: 'Percent of the jobs that pin no version' }),
    ),
    protocol: Type.Enum([...PROTOCOLS]),
    endpoints: Type.Array(Endpoint, { minItems: 1 }),
    input_schema: { ...JsonSchema, default: {} },
    output_schema: { ...JsonSchema, default: {} },
    preprocess: Type.Optional(Type.String({ maxLength: 65_536, description: 'JSONata, input to request' })),
    postprocess: Type.Optional(Type.String({ maxLength: 65_536, description: 'JSONata, answer to output' })),
    cache: Type.Object(
      {
        ttl: Type.Number({ default: 3600, minimum: 0 }),
        scope: Type.Enum(['tenant', 'shared', 'off'], { default: 'tenant' }),
      },
      { additionalProperties: false, default: {} },
    ),
    timeout: Type.Number({ default: 30, exclusiveMinimum: 0, maximum: 86_400 }),
    retry: Type.Object(
      {
        attempts: Type.Integer({ default: 3, minimum: 1, maximum: 100 }),
        backoff: Type.Number({ default: 1, minimum: 0, maximum: 3600 }),
      },
      { additionalProperties: false, default: {} },
    ),
    concurrency: Type.Integer({ default: 16, minimum: 1, description: 'In flight over all workers' }),
    rate: Type.Optional(
      Type.Object(
        {
          limit: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
          window: Type.Number({ minimum: 0.1, maximum: 86_400 }),
        },
        { additionalProperties: false, description: 'Starts in a window, over all workers' },
      ),
    ),
    health: Type.Optional(
      Type.Object(
        {
          path: Type.String({ pattern: '^/', maxLength: 1000, description: 'Asked of each endpoint by GET' }),
          interval: Type.Number({ default: 10, minimum: 0.1, maximum: 3600 }),
          timeout: Type.Number({ default: 2, exclusiveMinimum: 0, maximum: 60 }),
        },
        { additionalProperties: false },
      ),
    ),
    fallback: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9][a-z0-9._-]{0,62}(@[A-Za-z0-9][A-Za-z0-9._-]{0,31})?$',
        description: 'A model, or model@version, that answers where this one cannot be reached',
      }),
    ),
    batch: Type.Optional(
      Type.Object(
        {
          max_size: Type.Integer({ default: 1, minimum: 1, maximum: 1024 }),
          max_delay_ms: Type.Number({ default: 0, minimum: 0, maximum: 10_000 }),
          across_tenants: Type.Boolean({ default: false }),
        },
        { additionalProperties: false },
      ),
    ),
    queue: Type.Object(
      {
        max_depth: Type.Integer({ default: 100_000, minimum: 1 }),
        max_depth_per_tenant: Type.Integer({ default: 10_000, minimum: 1 }),
      },
      { additionalProperties: false, default: {} },
    ),
    access: Type.Object(
      { tenants: Type.Array(Type.String(), { default: ['*'] }) },
      { additionalProperties: false, default: {} },
    ),
    retention: Type.Number({ default: 86_400, minimum: 1 }),
    cost: Type.Optional(Type.Number({ minimum: 0, description: 'Budget units a call' })),
  },
  { additionalProperties: false },
);
export type ModelSpec = Static<typeof ModelSpec>;

/** A model file with several: a list under `models`, each of which is checked by itself; `[]` where there are none. */
export const ModelFile = Type.Object({ models: Type.Array(Type.Unknown()) }, { additionalProperties: false });

/** `name@version`, the unambiguous name of a spec. */
export function fullName(model: Pick<ModelSpec, 'name' | 'version'>): string {
  return `${model.name}@${model.version}`;
}

/** What `name` or `name@version` says. All that follows the first @ is the version, so that none is taken for another. */
export function splitName(text: string): { name: string; version: string | undefined } {
  const at = text.indexOf('@');
  if (at < 0) return { name: text, version: undefined };
  return { name: text.slice(0, at), version: text.slice(at + 1) };
}
