import { isMap, type Manifest } from './manifest.ts';

/** By what the items of a list are told apart; other lists are replaced whole. */
const MERGE_KEYS: Record<string, string> = {
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  volumeMounts: 'mountPath',
  ports: 'containerPort',
};

/** A strategic merge patch, as far as it is used here: maps are merged, null removes, lists by their keys. */
export function mergeStrategically(target: unknown, patch: unknown, field = ''): unknown {
  if (isMap(target) && isMap(patch)) return mergeMaps(target, patch);
  const key = MERGE_KEYS[field];
  if (key !== undefined && Array.isArray(target) && Array.isArray(patch))
    return mergeLists(target, patch, key);
  return patch;
}

function mergeMaps(target: Record<string, unknown>, patch: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergeStrategically(merged[key], value, key);
  }
  return merged;
}

function mergeLists(target: unknown[], patch: unknown[], key: string): unknown[] {
  const merged = [...target];
  for (const item of patch) {
    const place = merged.findIndex((other) => isMap(other) && isMap(item) && other[key] === item[key]);
    if (place < 0) merged.push(item);
    else merged[place] = mergeStrategically(merged[place], item);
  }
  return merged;
}

/** One operation of RFC 6902: add, replace or remove. */
export function applyOperation(target: Manifest, operation: unknown): void {
  if (!isMap(operation)) throw new Error('A JSON patch is a list of operations');
  const path = String(operation['path']);
  const keys = path.split('/').slice(1).map(unescape);
  const last = keys.pop() ?? '';
  const parent = keys.reduce<unknown>((value, key) => {
    const inner = Array.isArray(value) ? value[Number(key)] : isMap(value) ? value[key] : undefined;
    if (inner === undefined) throw new Error(`Nothing lies at ${path}`);
    return inner;
  }, target);
  if (Array.isArray(parent)) changeList(parent, last, operation);
  else if (isMap(parent)) changeMap(parent, last, operation);
}

function changeList(list: unknown[], key: string, { op, value }: Record<string, unknown>): void {
  const index = key === '-' ? list.length : Number(key);
  if (op === 'add') list.splice(index, 0, value);
  else if (op === 'replace') list[index] = value;
  else if (op === 'remove') list.splice(index, 1);
  else throw new Error(`The operation ${String(op)} is not known`);
}

function changeMap(
  map: Record<string, unknown>,
  key: string,
  { op, value, path }: Record<string, unknown>,
): void {
  if (op !== 'add' && map[key] === undefined) throw new Error(`Nothing lies at ${String(path)}`);
  if (op === 'remove') delete map[key];
  else if (op === 'add' || op === 'replace') map[key] = value;
  else throw new Error(`The operation ${String(op)} is not known`);
}

function unescape(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}
