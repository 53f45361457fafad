import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { debianCache } from '../../cli/local/clone.ts';
import { findCommand, runCommand } from '../../cli/local/command.ts';
import { unpackDebianPackage } from '../../cli/local/debian-package.ts';
import { isDebian, readHostSystem } from '../../cli/local/host-system.ts';
import { findRedis } from '../../cli/local/redis-binary.ts';
import type { RedisProgram } from './kept-redis.ts';

/** With Redis' own manner of naming: no rewriting happens while it is traced. */
export const AOF = path.join('appendonlydir', 'appendonly.aof.1.incr.aof');
/** So that there is one file with everything, and it only grows. */
export const ONE_AOF = { 'auto-aof-rewrite-percentage': '0', 'aof-use-rdb-preamble': 'no' };

type Tracer = RedisProgram;

/** strace from the PATH, else Debian's package; undefined where there is neither, or where it may not trace. */
export async function findTracer(): Promise<Tracer | undefined> {
  const tracer = await locate();
  if (!tracer) return undefined;
  const tried = await runCommand(tracer.command, ['-D', '-f', '--seccomp-bpf', '-qq', 'true'], tracer.env);
  return tried.ok ? tracer : undefined;
}

async function locate(): Promise<Tracer | undefined> {
  const onPath = await findCommand('strace', process.env['PATH'] ?? '');
  if (onPath !== undefined) return { command: onPath, env: {} };
  if (!isDebian(await readHostSystem())) return undefined;
  const unpacked = await unpackDebianPackage({ name: 'strace', cache: debianCache() });
  const command = await unpacked.command('strace');
  return command === undefined ? undefined : { command, env: unpacked.env };
}

export interface TraceOptions {
  tracer: Tracer;
  /** The folder of its data; trace and start script go beside them. */
  dir: string;
  /** From the flush with this number on, each takes so long. */
  slowFlushes?: { from: number; seconds: number };
}

/** A Redis whose writes to the AOF, and whose flushes of it, are written down by the kernel's own account. */
export async function tracedRedis({ tracer, dir, slowFlushes }: TraceOptions): Promise<RedisProgram> {
  const redis = await findRedis({ cache: debianCache() });
  const slow = slowFlushes
    ? [`-e inject=fdatasync:delay_enter=${slowFlushes.seconds * 1_000_000}:when=${slowFlushes.from}+`]
    : [];
  // -D: the process that is started is Redis, and strace a child of it that watches.
  const flags = [
    '-D -f --seccomp-bpf -qq -s 0 -e signal=none -e trace=write,fdatasync',
    ...slow,
    `-o '${traceOf(dir)}' -P '${path.join(dir, AOF)}'`,
  ].join(' ');
  const command = path.join(dir, 'traced-redis.sh');
  await writeFile(command, `#!/bin/sh\nexec '${tracer.command}' ${flags} '${redis.command}' "$@"\n`);
  await chmod(command, 0o700);
  const libraries = [tracer.env['LD_LIBRARY_PATH'], redis.env['LD_LIBRARY_PATH']].filter(Boolean).join(':');
  return { command, env: libraries === '' ? {} : { LD_LIBRARY_PATH: libraries } };
}

export function readTrace(dir: string): Promise<string> {
  return readFile(traceOf(dir), 'utf8');
}

function traceOf(dir: string): string {
  return path.join(dir, 'trace');
}
