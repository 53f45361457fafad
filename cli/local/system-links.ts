import { readdir, readlink, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';

/**
 * Makes links of unpacked files lead into the system where they end in nothing below `root`: what a package needs and
 * the system has is not unpacked. Debian's `redis-server` is such a link, to a program of `redis-tools`.
 */
export async function linkToSystem(root: string): Promise<void> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isSymbolicLink()) continue;
    const link = join(entry.parentPath, entry.name);
    if (await isThere(link)) continue;
    const inside = targetIn(root, entry.parentPath, await readlink(link));
    if (await isThere(inside)) await redirect(link, relative(dirname(link), inside));
    else if (await isThere(inside.slice(root.length))) await redirect(link, inside.slice(root.length));
  }
}

/** Where the link would lead if `root` were `/`. */
function targetIn(root: string, folder: string, target: string): string {
  const inside = resolve(folder.slice(root.length) || sep, target);
  return root + inside;
}

async function redirect(link: string, target: string): Promise<void> {
  await rm(link);
  await symlink(target, link);
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
