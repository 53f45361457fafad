import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from './json.ts';
import { cloneFolder } from './local/clone.ts';

/** What package.json says of inferq itself. */
export interface Manifest {
  version: string;
  /** The oldest Node that it runs on, as `22.20`. */
  node: string;
  /** Exact versions by name. */
  dependencies: Record<string, string>;
}

export function readManifest(root: string = cloneFolder()): Manifest {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const { version, engines, dependencies } = isRecord(manifest) ? manifest : {};
  const node = isRecord(engines) ? String(engines['node']) : '0';
  return {
    version: String(version),
    node: node.replace(/[^\d.]/g, ''),
    dependencies: isRecord(dependencies) ? mapValues(dependencies) : {},
  };
}

function mapValues(record: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, String(value)]));
}
