import { Field } from '../parts/field.tsx';
import { bytes } from '../parts/format.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** A property as the form asks for it. */
interface Property {
  name: string;
  schema: Schema;
  isRequired: boolean;
  kind: 'text' | 'lines' | 'number' | 'boolean' | 'choice' | 'file' | 'json';
}

const LONG_TEXT = 120;

/** The properties that a form can ask for; undefined where the schema is of something else. */
export function propertiesOf(schema: Schema): Property[] | undefined {
  const { properties, required } = schema;
  if (!isSchema(properties)) return undefined;
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(properties)
    .filter((entry): entry is [string, Schema] => isSchema(entry[1]))
    .map(([name, inner]) => ({
      name,
      schema: inner,
      isRequired: needed.includes(name),
      kind: kindOf(inner),
    }));
}

/** The input that a schema gives for a model: its first example, or its default. */
export function exampleOf({ examples, default: fallback }: Schema): unknown {
  return Array.isArray(examples) ? examples[0] : fallback;
}

/** What the form begins with where there is no such input: what the schema says of each property, else nothing. */
export function startOf(schema: Schema): Record<string, unknown> {
  const entries = (propertiesOf(schema) ?? []).map(({ name, schema: inner, isRequired, kind }) => {
    const { default: given, examples } = inner;
    const example: unknown = Array.isArray(examples) ? examples[0] : undefined;
    return [name, given ?? example ?? (isRequired && kind === 'lines' ? '' : undefined)] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf({ type, enum: choices, contentEncoding, maxLength }: Schema): Property['kind'] {
  if (Array.isArray(choices)) return 'choice';
  if (type === 'number' || type === 'integer') return 'number';
  if (type === 'boolean') return 'boolean';
  if (type !== 'string') return 'json';
  if (contentEncoding === 'base64') return 'file';
  return typeof maxLength === 'number' && maxLength <= LONG_TEXT ? 'text' : 'lines';
}

export interface SchemaFormProps {
  schema: Schema;
  value: Readonly<Record<string, unknown>>;
  onValue: (value: Record<string, unknown>) => void;
  /** By pointer, as the API names them: `/text`. */
  faults: ReadonlyMap<string, string>;
}

/** A form made from the input schema of a model. */
export function SchemaForm({ schema, value, onValue, faults }: SchemaFormProps) {
  const set = (name: string, part: unknown): void => {
    const { [name]: _, ...rest } = value;
    onValue(part === undefined ? rest : { ...rest, [name]: part });
  };
  return (
    <>
      {propertiesOf(schema)?.map((property) => (
        <Field
          key={property.name}
          label={property.name}
          hint={hintOf(property.schema)}
          isRequired={property.isRequired}
          fault={faults.get(`/${property.name}`)}
        >
          <Input
            property={property}
            value={value[property.name]}
            onValue={(part) => set(property.name, part)}
          />
        </Field>
      ))}
    </>
  );
}

function hintOf({ description, minimum, maximum }: Schema): string | undefined {
  if (typeof description === 'string') return description;
  if (typeof minimum === 'number' && typeof maximum === 'number') return `${minimum} to ${maximum}`;
  return undefined;
}

interface InputProps {
  property: Property;
  value: unknown;
  onValue: (value: unknown) => void;
}

/** The rest is what the field gives it: its id, and what describes it. */
function Input({ property: { kind, schema }, value, onValue, ...rest }: InputProps) {
  const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
  switch (kind) {
    case 'boolean':
      return (
        <input
          {...rest}
          type="checkbox"
          checked={value === true}
          onChange={(event) => onValue(event.currentTarget.checked)}
        />
      );
    case 'number':
      return (
        <input
          {...rest}
          type="number"
          step={schema['type'] === 'integer' ? 1 : 'any'}
          value={text}
          onInput={({ currentTarget: { value: typed } }) => onValue(typed === '' ? undefined : Number(typed))}
        />
      );
    case 'choice':
      return <Choice {...rest} choices={schema['enum']} value={value} onValue={onValue} />;
    case 'file':
      return <FileInput {...rest} value={text} onValue={onValue} />;
    case 'text':
      return <input {...rest} value={text} onInput={(event) => onValue(event.currentTarget.value)} />;
    case 'lines':
      return <textarea {...rest} value={text} onInput={(event) => onValue(event.currentTarget.value)} />;
    case 'json':
      break;
  }
  return (
    <textarea
      {...rest}
      class="code"
      placeholder="JSON"
      value={text}
      onChange={(event) => onValue(parseLoosely(event.currentTarget.value))}
    />
  );
}

function Choice({
  choices,
  value,
  onValue,
  ...rest
}: {
  choices: unknown;
  value: unknown;
  onValue: (value: unknown) => void;
}) {
  const list: unknown[] = Array.isArray(choices) ? choices : [];
  return (
    <select
      {...rest}
      value={JSON.stringify(value) ?? ''}
      onChange={({ currentTarget: { value: chosen } }) =>
        onValue(chosen === '' ? undefined : JSON.parse(chosen))
      }
    >
      <option value="">–</option>
      {list.map((choice) => (
        <option key={String(choice)} value={JSON.stringify(choice)}>
          {String(choice)}
        </option>
      ))}
    </select>
  );
}

/** The browser names a file that was chosen; of one that was there before, its size is told. */
function FileInput({ value, onValue, ...rest }: { value: string; onValue: (value: unknown) => void }) {
  return (
    <>
      <input
        {...rest}
        type="file"
        onChange={(event) => void readFile(event.currentTarget.files?.[0]).then(onValue)}
      />
      {value !== '' && <p class="hint">{bytes((value.length * 3) / 4)} are sent.</p>}
    </>
  );
}

async function readFile(file: File | undefined): Promise<string | undefined> {
  if (!file) return undefined;
  const whole = new Uint8Array(await file.arrayBuffer());
  let binary = '';
  // In parts: a call takes only so many arguments.
  for (let at = 0; at < whole.length; at += 32_768)
    binary += String.fromCharCode(...whole.subarray(at, at + 32_768));
  return btoa(binary);
}

/** The API says what is wrong with what is no JSON. */
function parseLoosely(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
