import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { isRecord } from '../json.ts';
import { broken, ok, type Finding } from './finding.ts';

export function checkNode(version: string, required: string): Finding {
  return isAtLeast(version, required)
    ? ok(`Node ${version}`)
    : broken(
        `Node ${version} is older than ${required}`,
        `Install Node ${required} or later: https://nodejs.org`,
      );
}

/** Whether each dependency is there, in the version that package.json pins. */
export function checkDependencies(
  required: Record<string, string>,
  find: (name: string) => string | null,
): Finding {
  const faults = Object.entries(required).flatMap(([name, wanted]) => {
    const found = find(name);
    if (found === null) return [`${name} is missing`];
    return found === wanted ? [] : [`${name} is ${found} instead of ${wanted}`];
  });
  const [first, ...others] = faults;
  if (first === undefined) return ok(`${Object.keys(required).length} dependencies installed`);
  const rest = others.length > 0 ? ` and ${others.length} more` : '';
  return broken(`Dependencies: ${first}${rest}`, 'In the clone: npm ci --ignore-scripts && npm rebuild node');
}

/** The installed version of a package, as this program would load it. */
export function findInstalled(name: string): string | null {
  try {
    return readVersion(findPackageJSON(name, import.meta.url));
  } catch {
    // Node throws for a package that is not there.
    return null;
  }
}

function readVersion(path: string | undefined): string | null {
  const manifest: unknown = path === undefined ? null : JSON.parse(readFileSync(path, 'utf8'));
  return isRecord(manifest) && typeof manifest['version'] === 'string' ? manifest['version'] : null;
}

function isAtLeast(version: string, required: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = required.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}
