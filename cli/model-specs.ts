import { isUtf8 } from 'node:buffer';
import { parseDocument } from 'yaml';
import type { Fault } from '../shared/errors.ts';
import { checkSpec, isModelSpec } from '../shared/models/model-file.ts';
import { checkSecrets } from '../shared/models/secret-references.ts';
import { Failure, usage, wrongModels } from './failure.ts';
import { isRecord } from './json.ts';
import { modelPath } from './model.ts';

/** A spec as it is sent. */
export interface WrittenSpec {
  /** With its version, where it says one: `name@version`. */
  name: string;
  /** Of the API. */
  path: string;
  /** JSON. */
  body: string;
  /** Where it stands in its file: `/models/1`, or empty for one that is alone there. */
  pointer: string;
}

/**
 * The specs in a model file, in YAML or JSON: a list under `models`, or one of them alone. Throws a usage Failure for
 * what is no model file, and a Failure with all faults of all specs: the broker is asked for one after the other, and
 * would have taken those before the first fault.
 */
export function readSpecs(bytes: Buffer, file: string): WrittenSpec[] {
  if (!isUtf8(bytes)) throw usage(`${file} is not text in UTF-8`);
  const document = parseDocument(bytes.toString('utf8'));
  const [fault] = document.errors;
  if (fault) throw usage(`${file}: ${fault.message.split('\n', 1)[0]?.replace(/:$/, '') ?? fault.message}`);
  const content: unknown = document.toJS();
  const listed: unknown = isRecord(content) ? content['models'] : undefined;
  const specs: unknown[] = Array.isArray(listed) ? listed : [content];
  if (specs.length === 0) throw usage(`${file} holds no model`);
  const written = specs.map((spec, index) =>
    toWritten(spec, file, Array.isArray(listed) ? `/models/${index}` : ''),
  );
  const faults = written.flatMap((each) => faultsOf(each).map((found) => inFile(found, each)));
  if (faults.length > 0) throw wrongModels(`${file}: nothing was sent`, faults);
  return written;
}

function toWritten(spec: unknown, file: string, pointer: string): WrittenSpec {
  const { name, version }: { name?: unknown; version?: unknown } = Object(spec);
  if (!isRecord(spec) || typeof name !== 'string')
    throw usage(
      `${file}${pointer && ` at ${pointer}`}: it has no name`,
      'docs/models.md shows what a model is',
    );
  const full = typeof version === 'string' ? `${name}@${version}` : name;
  return {
    name: full,
    path: modelPath(full),
    body: JSON.stringify(spec),
    pointer,
  };
}

function faultsOf({ body }: WrittenSpec): Fault[] {
  // A copy: the check puts the defaults into it, and those are the broker's.
  const spec: unknown = JSON.parse(body);
  const faults = checkSpec(spec);
  return faults.length === 0 && isModelSpec(spec) ? checkSecrets(spec) : faults;
}

/** A fault of a spec where it stands in its file, among others. */
function inFile({ pointer, detail }: Fault, spec: WrittenSpec): Fault {
  return spec.pointer === ''
    ? { pointer, detail }
    : { pointer: spec.pointer + pointer, detail: `${spec.name}: ${detail}` };
}

/** What the broker refused of one of several specs, when it has taken those named in `added`. */
export function refusedAmong(failure: Failure, spec: WrittenSpec, added: readonly string[]): Failure {
  if (spec.pointer === '') return failure;
  const { exit, problem } = failure;
  const before = added.length === 0 ? [] : [`In force already, before it in the file: ${added.join(', ')}`];
  const detail = [`${spec.name}: ${problem.detail ?? problem.title}`, ...before].join('\n');
  const errors = problem.errors?.map((fault) => inFile(fault, spec));
  return new Failure(exit, { ...problem, detail, ...(errors ? { errors } : {}) }, failure);
}
