import { isUtf8 } from 'node:buffer';
import { parseDocument } from 'yaml';
import { usage } from './failure.ts';
import { isRecord } from './json.ts';

/** A spec as it is sent: the broker is the one to judge it. */
export interface WrittenSpec {
  /** `name`, or `name@version` where it says one. */
  path: string;
  /** JSON. */
  body: string;
}

/** The specs in a model file, in YAML or JSON: a list under `models`, or one of them alone. Throws a usage Failure. */
export function readSpecs(bytes: Buffer, file: string): WrittenSpec[] {
  if (!isUtf8(bytes)) throw usage(`${file} is not text in UTF-8`);
  const document = parseDocument(bytes.toString('utf8'));
  const [fault] = document.errors;
  if (fault) throw usage(`${file}: ${fault.message.split('\n', 1)[0]?.replace(/:$/, '') ?? fault.message}`);
  const content: unknown = document.toJS();
  const models: unknown =
    isRecord(content) && Array.isArray(content['models']) ? content['models'] : [content];
  const specs: unknown[] = Array.isArray(models) ? models : [];
  if (specs.length === 0) throw usage(`${file} holds no model`);
  return specs.map((spec, index) => toWritten(spec, file, index));
}

function toWritten(spec: unknown, file: string, index: number): WrittenSpec {
  const { name, version }: { name?: unknown; version?: unknown } = Object(spec);
  if (!isRecord(spec) || typeof name !== 'string')
    throw usage(`${file} at /models/${index}: it has no name`, 'docs/models.md shows what a model is');
  return {
    path: typeof version === 'string' ? `${name}@${version}` : name,
    body: JSON.stringify(spec),
  };
}
