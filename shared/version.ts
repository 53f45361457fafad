import { readFileSync } from 'node:fs';

/** The version of inferq: from the source's package.json, or the one beside `dist/`. */
export function readVersion(): string {
  for (const place of ['../package.json', '../../package.json']) {
    const content = readIfThere(new URL(place, import.meta.url));
    if (content !== undefined) return versionIn(JSON.parse(content));
  }
  return '0.0.0';
}

function readIfThere(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function versionIn(content: unknown): string {
  const version: unknown =
    typeof content === 'object' && content ? Reflect.get(content, 'version') : undefined;
  return typeof version === 'string' ? version : '0.0.0';
}
