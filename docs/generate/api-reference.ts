import type { OpenApi, Operation, Parameter, Schema } from './openapi.ts';

const HEAD = `# API reference

Made from the OpenAPI document by \`npm run generate\`; do not edit. A running broker serves the same to try out at \`/docs\`, and the document at \`/openapi.json\`; a copy of it is [openapi.json](openapi.json). [Jobs](jobs.md) and [webhooks](webhooks.md) explain, [errors](errors.md) has the errors.
`;

/** Every route in Markdown. */
export function describeRoutes(document: OpenApi): string {
  const sections = document.tags.flatMap(({ name }) => [
    `## ${name}\n`,
    ...operationsOf(document, name).map(([route, operation]) => describeRoute(route, operation)),
  ]);
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) => `### ${name}\n\n${describeProperties(schema)}`,
  );
  return [HEAD, ...sections, '## Schemas\n', ...schemas].join('\n').trimEnd() + '\n';
}

function operationsOf({ paths }: OpenApi, tag: string): [route: string, operation: Operation][] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { tags }]) => tags.includes(tag))
      .map(([method, operation]): [string, Operation] => [`${method.toUpperCase()} ${path}`, operation]),
  );
}

function describeRoute(route: string, operation: Operation): string {
  const { summary, description, parameters = [], requestBody, responses } = operation;
  const body = requestBody?.content['application/json']?.schema;
  return [
    `### ${route}`,
    `${summary}.`,
    ...(description === undefined ? [] : [description]),
    ...(parameters.length === 0 ? [] : [parameterTable(parameters)]),
    ...(body === undefined
      ? []
      : [`The body${requestBody?.required ? '' : ' (may be left out)'}:`, describeBody(body)]),
    answerTable(responses),
    '',
  ]
    .map((part) => part.trimEnd())
    .join('\n\n');
}

function parameterTable(parameters: readonly Parameter[]): string {
  return table(
    ['parameter', 'in', 'type', 'meaning'],
    parameters.map(({ name, in: place, schema, description }) => [
      code(name),
      place,
      typeOf(schema),
      description,
    ]),
  );
}

function answerTable(responses: Operation['responses']): string {
  return table(
    ['status', 'means', 'body'],
    Object.entries(responses).map(([status, { description, content = {} }]) => {
      const [entry] = Object.entries(content);
      return [status, description, entry ? `${code(entry[0])} ${typeOf(entry[1]?.schema ?? {})}` : ''];
    }),
  );
}

function describeBody(schema: Schema): string {
  return schema.$ref === undefined ? describeProperties(schema) : `${typeOf(schema)}\n`;
}

function describeProperties({ properties = {}, required = [] }: Schema): string {
  const rows = Object.entries(properties).map(([name, schema]) => [
    code(name),
    required.includes(name) ? 'yes' : 'no',
    typeOf(schema),
    [schema.description, defaultOf(schema)].filter((text) => text !== undefined).join('; '),
  ]);
  return `${table(['field', 'required', 'type', 'meaning'], rows)}\n`;
}

function defaultOf(schema: Schema): string | undefined {
  return schema.default === undefined ? undefined : `default ${code(JSON.stringify(schema.default))}`;
}

/** A type in a few words; of what is deep, the outermost. */
function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return `[${nameOf(schema.$ref)}](#${nameOf(schema.$ref).toLowerCase()})`;
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.enum) return schema.enum.map((value) => code(String(value))).join(', ');
  if (schema.const !== undefined) return code(JSON.stringify(schema.const));
  if (schema.items) return `array of ${typeOf(schema.items)}`;
  if (schema.properties) return `{ ${Object.keys(schema.properties).join(', ')} }`;
  return `${schema.format ?? schema.type ?? 'any JSON'}${boundsOf(schema)}`;
}

function boundsOf({ minimum, exclusiveMinimum, maximum }: Schema): string {
  const low =
    minimum === undefined
      ? exclusiveMinimum === undefined
        ? ''
        : `over ${exclusiveMinimum}`
      : `from ${minimum}`;
  const high = maximum === undefined ? '' : `up to ${maximum}`;
  return [low, high]
    .filter((text) => text !== '')
    .map((text) => ` ${text}`)
    .join('');
}

function nameOf(reference: string): string {
  return reference.split('/').at(-1) ?? reference;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(headings), row(headings.map(() => '---')), ...rows.map(row)].join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}
