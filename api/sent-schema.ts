/** As much of a JSON Schema as is read here. */
interface Schema {
  default?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
}

/** The schema of a body as clients are told of it: what has a default may be left out. An answer has all of it. */
export function asSent(schema: Schema): object {
  const { properties, required, items, anyOf } = schema;
  return {
    ...schema,
    ...(required && { required: required.filter((name) => properties?.[name]?.default === undefined) }),
    ...(properties && { properties: mapValues(properties, asSent) }),
    ...(items && { items: asSent(items) }),
    ...(anyOf && { anyOf: anyOf.map(asSent) }),
  };
}

function mapValues(record: Record<string, Schema>, map: (value: Schema) => object): Record<string, object> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
