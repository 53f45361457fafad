import * as client from '@kubernetes/client-node';
import { customFaults } from './custom-resources.ts';
import { isMap, titleOf, type Manifest } from './manifest.ts';

interface Field {
  baseName: string;
  type: string;
}

const classes = new Map<string, unknown>(Object.entries(client));

/** Fields that Kubernetes does not know and values of another type than it takes, by the client's own type maps. */
export function fieldFaults(objects: readonly Manifest[]): string[] {
  return objects.flatMap((object) => {
    const title = titleOf(object);
    const version = String(object['apiVersion']).split('/').pop() ?? '';
    const type = version.charAt(0).toUpperCase() + version.slice(1) + String(object['kind']);
    if (fieldsOf(type) !== undefined)
      return [...faultsOf(object, type, '')].map((fault) => `${title}: ${fault}`);
    const faults = customFaults(object) ?? ['no such kind'];
    return faults.map((fault) => `${title}: ${fault}`);
  });
}

function* faultsOf(value: unknown, type: string, path: string): Generator<string> {
  const [, itemType] = /^Array<(.*)>$/.exec(type) ?? [];
  const [, valueType] = /^\{ \[key: string\]: (.*); \}$/.exec(type) ?? [];
  const fields = fieldsOf(type);
  if (itemType !== undefined) {
    if (!Array.isArray(value)) yield `${path} is no list`;
    else for (const [index, item] of value.entries()) yield* faultsOf(item, itemType, `${path}/${index}`);
  } else if (valueType !== undefined || fields !== undefined) {
    if (!isMap(value)) yield `${path} is no map`;
    for (const [key, inner] of Object.entries(isMap(value) ? value : {})) {
      const innerType = valueType ?? fields?.find(({ baseName }) => baseName === key)?.type;
      if (innerType === undefined) yield `${path}/${key} is unknown`;
      else yield* faultsOf(inner, innerType, `${path}/${key}`);
    }
  } else if (!fits(value, type)) yield `${path} is ${JSON.stringify(value)}, and no ${type}`;
}

function fits(value: unknown, type: string): boolean {
  switch (type) {
    case 'any':
    case 'object':
      return true;
    case 'IntOrString':
      return typeof value === 'string' || Number.isInteger(value);
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
    default:
      throw new Error(`The type ${type} of @kubernetes/client-node is not known here`);
  }
}

function fieldsOf(type: string): Field[] | undefined {
  const found = classes.get(type);
  return hasFields(found) ? found.getAttributeTypeMap() : undefined;
}

function hasFields(value: unknown): value is { getAttributeTypeMap(): Field[] } {
  return typeof value === 'function' && 'getAttributeTypeMap' in value;
}
