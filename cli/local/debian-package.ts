import type { Dirent } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { downloadPackage } from './apt.ts';
import { findCommand, runCommand } from './command.ts';
import { withFileLock } from './file-lock.ts';
import { isDebian, readHostSystem } from './host-system.ts';
import type { HostSystem } from './host-system.ts';
import { linkToSystem } from './system-links.ts';

const BINARIES = ['usr/local/sbin', 'usr/local/bin', 'usr/sbin', 'usr/bin', 'sbin', 'bin'];

export interface DebianPackage {
  /** The root of the unpacked files: `<folder>/usr/bin/…`. */
  folder: string;
  /** What a program from it needs in its environment. */
  env: Readonly<Record<string, string>>;
  /** The path of one of its programs. */
  command(name: string): Promise<string | undefined>;
}

export interface DebianPackageOptions {
  name: string;
  /** Where packages are kept, for all clones' processes: `.inferq/debian`. */
  cache: string;
  /** Told one line when it takes long. */
  say?: (line: string) => void;
  system?: HostSystem;
}

/**
 * A package of the distribution, downloaded and unpacked once under `cache` with what it needs and the system
 * lacks: no root, nothing installed, no service started. Safe for several processes at once.
 */
export async function unpackDebianPackage(options: DebianPackageOptions): Promise<DebianPackage> {
  const { name, cache, say = () => undefined } = options;
  const system = options.system ?? (await readHostSystem());
  if (!isDebian(system)) throw new Error(`${name}: not a Debian or Ubuntu system`);
  const folder = join(cache, system.release, name);
  if (!(await isThere(folder))) {
    say(`Fetching ${name} from Debian's packages (once) …`);
    await withFileLock(
      `${folder}.lock`,
      () => undefined,
      async () => {
        if (!(await isThere(folder))) await fetchInto(folder, name);
      },
    );
  }
  const path = BINARIES.map((place) => join(folder, place)).join(':');
  return { folder, env: await libraryEnvironment(folder), command: (program) => findCommand(program, path) };
}

async function fetchInto(folder: string, name: string): Promise<void> {
  const work = `${folder}.part`;
  // What a start left that was killed half-way; the lock says that it is nobody's.
  await rm(work, { recursive: true, force: true });
  try {
    await mkdir(join(work, 'root'), { recursive: true });
    for (const file of await downloadPackage(name, work)) await unpack(file, join(work, 'root'));
    await linkToSystem(join(work, 'root'));
    await rename(join(work, 'root'), folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function unpack(file: string, into: string): Promise<void> {
  // The C library must stay the one of the system's own loader: two of them do not go together.
  if (/^libc6?[-_]/.test(basename(file))) return;
  const result = await runCommand('dpkg-deb', ['-x', file, into]);
  if (!result.ok) throw new Error(`dpkg-deb: ${result.stderr.trim()}`);
}

async function libraryEnvironment(folder: string): Promise<Record<string, string>> {
  const places: string[] = [];
  for (const lib of ['usr/lib', 'lib']) {
    // Debian keeps libraries in a folder for each architecture: usr/lib/x86_64-linux-gnu.
    for (const entry of await listFolder(join(folder, lib))) {
      if (entry.isDirectory() && entry.name.includes('-linux-')) places.push(join(folder, lib, entry.name));
    }
    places.push(join(folder, lib));
  }
  const inherited = process.env['LD_LIBRARY_PATH'];
  return { LD_LIBRARY_PATH: [...places, ...(inherited ? [inherited] : [])].join(':') };
}

async function listFolder(folder: string): Promise<Dirent[]> {
  return (await isThere(folder)) ? readdir(folder, { withFileTypes: true }) : [];
}

async function isThere(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => undefined)) !== undefined;
}
