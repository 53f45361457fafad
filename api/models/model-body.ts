import { Type } from 'typebox';
import { InferqError, type Fault } from '../../shared/errors.ts';
import { ModelSpec, fullName, splitName } from '../../shared/model.ts';
import { isObject } from '../../shared/json-object.ts';
import { checkFallbacks } from '../../shared/models/fallbacks.ts';
import { checkSpec, isModelSpec } from '../../shared/models/model-file.ts';
import { checkSecrets } from '../../shared/models/secret-references.ts';
import { codeClash } from '../../shared/models/served-specs.ts';

const { protocol, endpoints } = ModelSpec.properties;

/** What an admin puts: a model as in a file, in which the path says the name. */
export const ModelBody = Type.Object(
  { ...Type.Partial(ModelSpec).properties, protocol, endpoints },
  { additionalProperties: false },
);

/**
 * Reads the spec that is put under `name` or `name@version`; `others` are those that it will be served beside. Throws
 * `invalid_model` with every fault that was found.
 */
export function readModelBody(body: unknown, path: string, others: readonly ModelSpec[]): ModelSpec {
  if (!isObject(body)) throw invalidModel([{ pointer: '', detail: 'must be object' }]);
  const { name, version } = splitName(path);
  const spec = { name, ...(version === undefined ? {} : { version }), ...body };
  const faults = checkSpec(spec);
  for (const [key, wanted] of Object.entries({ name, version })) {
    const given = body[key];
    if (wanted !== undefined && given !== undefined && given !== wanted)
      faults.push({ pointer: `/${key}`, detail: `must be '${wanted}', as in the path, or be left out` });
  }
  if (faults.length > 0 || !isModelSpec(spec)) throw invalidModel(faults);
  const clash = codeClash(spec, others);
  const deeper = [
    ...checkSecrets(spec),
    ...checkFallback(spec, others),
    ...(clash ? [{ pointer: '/name', detail: clash }] : []),
  ];
  if (deeper.length > 0) throw invalidModel(deeper);
  return spec;
}

/** Its own fault alone: another model's fallback may have been removed meanwhile. */
function checkFallback(spec: ModelSpec, others: readonly ModelSpec[]): Fault[] {
  const beside = others.filter((other) => fullName(other) !== fullName(spec));
  const own = `/models/${beside.length}/`;
  return checkFallbacks([...beside, spec])
    .filter(({ pointer }) => pointer.startsWith(own))
    .map(({ detail }) => ({ pointer: '/fallback', detail }));
}

function invalidModel(errors: Fault[]): InferqError {
  const sentence = errors.map(({ pointer, detail }) => `${pointer || 'the body'} ${detail}`).join('; ');
  return new InferqError('invalid_model', `Nothing was changed: ${sentence}.`.replace(/\.\.$/, '.'), {
    errors,
  });
}
