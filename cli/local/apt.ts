import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import type { CommandResult } from './command.ts';

const SYSTEM_LISTS = '/var/lib/apt/lists';
const QUIET = { LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };

/**
 * Downloads a Debian package and whatever it needs that the system lacks, into `folder`, and installs
 * nothing. Any user may: apt is given a state of its own, and of the system's only its sources, keys and
 * list of installed packages. Returns the paths of the `.deb` files; throws with apt's own first complaint.
 */
export async function downloadPackage(name: string, folder: string): Promise<string[]> {
  const archives = join(folder, 'cache', 'archives');
  await mkdir(join(archives, 'partial'), { recursive: true });
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
  await mkdir(join(folder, 'state'), { recursive: true });
  const result = await downloadWithFreshListsIfNeeded(name, folder);
  const files = (await readdir(archives)).filter((file) => file.endsWith('.deb'));
  if (!result.ok) throw new Error(complaint(result));
  if (files.length === 0) throw new Error(`${name} is installed on this system already`);
  return files.map((file) => join(archives, file));
}

async function downloadWithFreshListsIfNeeded(name: string, folder: string): Promise<CommandResult> {
  // Mostly the system's lists do; in an image they are often emptied, and old ones name files long gone.
  const quick = await download(name, await writeConfig(folder, SYSTEM_LISTS));
  if (quick.ok) return quick;
  const config = await writeConfig(folder, join(folder, 'lists'));
  const update = await runCommand('apt-get', ['-c', config, '-q', 'update'], QUIET);
  const result = await download(name, config);
  // One broken source among several is no fault if the package was found in another.
  return result.ok || complaint(update) === '' ? result : { ...result, stderr: update.stderr };
}

function download(name: string, config: string): Promise<CommandResult> {
  return runCommand('apt-get', ['-c', config, '-q', '-y', '--download-only', 'install', name], QUIET);
}

async function writeConfig(folder: string, lists: string): Promise<string> {
  const file = join(folder, 'apt.conf');
  await writeFile(file, configuration(folder, lists));
  return file;
}

function configuration(folder: string, lists: string): string {
  return `
# The machine's own hooks would touch its own cache, or need root.
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Debug::NoLocking "true";
Dir::State "${join(folder, 'state')}";
Dir::State::status "/var/lib/dpkg/status";
Dir::State::lists "${lists}";
Dir::Cache "${join(folder, 'cache')}";
Dir::Log "${join(folder, 'log')}";
# As root, apt would drop to a user who may not write here.
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Acquire::Retries "2";
`;
}

/** What apt says first of what went wrong: an error, else a warning. */
function complaint({ stderr }: CommandResult): string {
  const said = (kind: string) => new RegExp(`^${kind}: (.*?)\\s*$`, 'm').exec(stderr)?.[1];
  return said('E') ?? said('W') ?? '';
}
