import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { debianCache } from '../../cli/local/clone.ts';
import { findCommand } from '../../cli/local/command.ts';
import { unpackDebianPackage } from '../../cli/local/debian-package.ts';
import { isDebian, readHostSystem } from '../../cli/local/host-system.ts';
import { startLogged } from '../../cli/local/logged-process.ts';
import { freePort, somebodyListens } from '../../cli/local/ports.ts';
import { describeExit } from '../../cli/local/process-exit.ts';
import { endWithUs } from '../../cli/local/shared-fate.ts';
import type { Scope } from './scope.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const PORT_TRIES = 5;
const READY_WITHIN_MS = 20_000;

interface NginxBinary {
  command: string;
  env: Readonly<Record<string, string>>;
}

export interface NginxOptions {
  /** The addresses of the API's replicas. */
  apis: readonly string[];
  listen?: 'http' | 'tls';
  /** Instead of the rate in site.conf. */
  rate?: string;
  /** More files of its folder, by name. */
  files?: Readonly<Record<string, string>>;
}

export interface RunningNginx {
  url: string;
  port: number;
  /** One line a request that has ended; waits until there are so many. */
  lines(atLeast: number): Promise<string[]>;
  /** Everything that it has said. */
  output(): Promise<string>;
}

/** nginx from the PATH, else Debian's package; undefined where there is neither. */
async function findNginx(): Promise<NginxBinary | undefined> {
  const onPath = await findCommand('nginx', `${process.env['PATH'] ?? ''}:/usr/sbin`);
  if (onPath !== undefined) return { command: onPath, env: {} };
  if (!isDebian(await readHostSystem())) return undefined;
  const unpacked = await unpackDebianPackage({ name: 'nginx', cache: debianCache() });
  const command = await unpacked.command('nginx');
  if (command === undefined) throw new Error(`There is no nginx in ${unpacked.folder}`);
  return { command, env: unpacked.env };
}

const binary = await findNginx();

export const nginxIsThere = binary !== undefined;

/** A real nginx with the configuration of the repository, on a free port, in a folder that goes with the test. */
export async function startNginx(t: Scope, options: NginxOptions): Promise<RunningNginx> {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-nginx-'));
  await cp(path.join(ROOT, 'nginx'), folder, { recursive: true });
  for (const [name, text] of Object.entries(options.files ?? {})) await writeIn(folder, name, text);
  await writeFile(path.join(folder, 'site.conf'), await siteFor(options));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  for (let tries = 1; ; tries += 1) {
    const started = await attempt(t, folder, options.listen ?? 'http');
    if (typeof started === 'object') return started;
    if (tries === PORT_TRIES || !started.includes('Address already in use')) throw new Error(started);
  }
}

async function attempt(t: Scope, folder: string, listen: 'http' | 'tls'): Promise<RunningNginx | string> {
  if (!binary) throw new Error('There is no nginx');
  const port = await freePort();
  const shipped = await readFile(path.join(ROOT, 'nginx', `listen-${listen}.conf`), 'utf8');
  await writeFile(
    path.join(folder, 'listen.conf'),
    replaced(shipped, /listen (\d+)/, `listen 127.0.0.1:${port}`),
  );
  const log = path.join(folder, 'output');
  // As root it would give the work to a user who may not look into this folder.
  const user = userInfo().uid === 0 ? 'user root root;' : '';
  const { child, exited } = startLogged(
    binary.command,
    ['-p', folder, '-c', path.join(folder, 'nginx.conf'), '-e', 'stderr', '-g', `daemon off; ${user}`],
    { env: { ...process.env, ...binary.env }, log, append: true },
  );
  if (child.pid !== undefined) endWithUs(child.pid, exited);
  const output = (): Promise<string> => readFile(log, 'utf8');
  const fault = await Promise.race([exited, listening(port)]);
  if (typeof fault === 'object') return `nginx did not start (${describeExit(fault)}): ${await output()}`;
  t.teardown(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  return {
    url: `${listen === 'tls' ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    output,
    async lines(atLeast) {
      for (;;) {
        const lines = (await output()).split('\n').filter((line) => line.startsWith('{'));
        if (lines.length >= atLeast) return lines;
        await sleep(20);
      }
    },
  };
}

async function listening(port: number): Promise<undefined> {
  const end = Date.now() + READY_WITHIN_MS;
  while (!(await somebodyListens(port))) {
    if (Date.now() > end) throw new Error(`nginx does not listen on ${port}`);
    await sleep(20);
  }
}

async function writeIn(folder: string, name: string, text: string): Promise<void> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

/** The site.conf of the repository, with the test's replicas in place of those of docker-compose.yml. */
async function siteFor({ apis, rate }: NginxOptions): Promise<string> {
  const text = await readFile(path.join(ROOT, 'nginx/site.conf'), 'utf8');
  const servers = apis.map((url) => `server ${new URL(url).host} max_fails=3 fail_timeout=2s;`);
  const here = replaced(text, /(?: *server api-\d.*\n)+/, `${servers.join('\n')}\n`);
  return rate === undefined ? here : replaced(here, /rate=\w+\/s/, `rate=${rate}`);
}

function replaced(text: string, what: RegExp, by: string): string {
  if (!what.test(text)) throw new Error(`There is no ${what} in:\n${text}`);
  return text.replace(what, by);
}
