import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';

/** What decides how a program gets onto a machine. */
export interface HostSystem {
  os: NodeJS.Platform;
  /** The distribution and those it descends from, nearest first: `['ubuntu', 'debian']`; empty elsewhere. */
  distributions: readonly string[];
  /** Names one release of one distribution on one processor: `debian-12-x64`. */
  release: string;
}

export async function readHostSystem(): Promise<HostSystem> {
  const { platform: os, arch } = process;
  const text = os === 'linux' ? await readReleaseFile() : '';
  const { ID = os, ID_LIKE = '', VERSION_ID = 'rolling' } = parseEnv(text);
  const distributions = os === 'linux' ? [ID, ...ID_LIKE.split(' ').filter((name) => name !== '')] : [];
  return { os, distributions, release: `${ID}-${VERSION_ID}-${arch}` };
}

async function readReleaseFile(): Promise<string> {
  // https://www.freedesktop.org/software/systemd/man/latest/os-release.html
  try {
    return await readFile('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}

export function isDebian(system: HostSystem): boolean {
  return system.distributions.includes('debian');
}
