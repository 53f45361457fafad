import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of this project's package.json, seen from the sources as well as from `dist/`. */
export function cloneFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('No package.json above the command line tool');
    folder = parent;
  }
  return folder;
}

/** Where Debian packages are kept once for everything that runs in this clone, the tests included. */
export function debianCache(root: string = cloneFolder()): string {
  return join(root, '.inferq', 'debian');
}
