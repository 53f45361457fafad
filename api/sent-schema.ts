/** As much of a JSON Schema as is read here. */
interface Schema {
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
}

/** The schema of a body as clients are told of it: what has a default may be left out. */
export function asSent(schema: Schema): object {
  const { properties, required } = schema;
  return {
    ...mapInner(schema, asSent),
    ...(required && { required: required.filter((name) => properties?.[name]?.default === undefined) }),
  };
}

/** The schema of an answer: it has all that is required, so nothing stands for what is left out. */
export function asAnswered(schema: Schema): object {
  const { default: _, ...rest } = mapInner(schema, asAnswered);
  return rest;
}

function mapInner(schema: Schema, map: (inner: Schema) => object): Schema {
  const { properties, items, anyOf } = schema;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, map(inner)])),
    }),
    ...(items && { items: map(items) }),
    ...(anyOf && { anyOf: anyOf.map(map) }),
  };
}
