import { findCommand, runCommand } from './command.ts';
import { unpackDebianPackage } from './debian-package.ts';
import { isDebian, readHostSystem } from './host-system.ts';
import type { HostSystem } from './host-system.ts';
import { installHint } from './install-hint.ts';

/** What BullMQ asks for. */
const OLDEST = [6, 2] as const;
/** Valkey is Redis' free continuation; where a distribution has both, either will do. */
const NAMES = ['redis-server', 'valkey-server'] as const;

export interface RedisBinary {
  command: string;
  env: Readonly<Record<string, string>>;
  version: string;
  source: 'path' | 'debian';
}

export interface FindRedisOptions {
  /** Where Debian packages are kept: `.inferq/debian`. */
  cache: string;
  path?: string;
  system?: HostSystem;
  /** Told one line when it takes long, or when a Redis is passed over. */
  say?: (line: string) => void;
}

/** No Redis can be had; the message is one line that names the command to install it. */
export class NoRedisError extends Error {}

/** A Redis (or Valkey) that can be started: from the PATH, else from the distribution's own package. */
export async function findRedis(options: FindRedisOptions): Promise<RedisBinary> {
  const { path = process.env['PATH'] ?? '', say = () => undefined } = options;
  const system = options.system ?? (await readHostSystem());
  const faults = new Set<string>();
  const candidates = isDebian(system) ? [fromPath, fromDebian] : [fromPath];
  for (const candidate of candidates) {
    for (const name of NAMES) {
      const found = await candidate(name, { cache: options.cache, path, system, say });
      if (typeof found === 'object') return found;
      if (found !== undefined) faults.add(found);
    }
  }
  throw new NoRedisError([...faults, `No Redis here. ${installHint(system)}`].join('. '));
}

type Places = Required<FindRedisOptions>;
/** A binary; or the reason why what was found does not do; or nothing. */
type Found = RedisBinary | string | undefined;

async function fromPath(name: string, { path, say }: Places): Promise<Found> {
  const command = await findCommand(name, path);
  if (command === undefined) return undefined;
  const found = await examine(command, {}, 'path');
  if (typeof found === 'string') say(`Passing over ${found}`);
  return found;
}

async function fromDebian(name: string, { cache, say, system }: Places): Promise<Found> {
  try {
    const unpacked = await unpackDebianPackage({ name, cache, say, system });
    const command = await unpacked.command(name);
    if (command === undefined) return `Debian's package ${name} has no program ${name} that can be run`;
    return await examine(command, unpacked.env, 'debian');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function examine(
  command: string,
  env: RedisBinary['env'],
  source: RedisBinary['source'],
): Promise<Found> {
  const { ok, stdout, stderr } = await runCommand(command, ['--version'], env);
  const version = /\bv=(\d+(?:\.\d+)+)/.exec(stdout)?.[1];
  if (!ok || version === undefined) return `${command} does not run: ${stderr.trim().split('\n')[0]}`;
  if (isOlder(version)) return `${command} is ${version}, older than ${OLDEST.join('.')}`;
  return { command, env, version, source };
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}
