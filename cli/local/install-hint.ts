import type { HostSystem } from './host-system.ts';

const COMMANDS: Readonly<Record<string, string>> = {
  debian: 'sudo apt-get install redis-server',
  fedora: 'sudo dnf install valkey',
  rhel: 'sudo dnf install redis',
  alpine: 'apk add redis',
  arch: 'sudo pacman -S valkey',
  suse: 'sudo zypper install redis',
  nixos: 'nix-shell -p redis',
  darwin: 'brew install redis',
  freebsd: 'pkg install redis',
};

/** How a person gets a Redis onto this system, in one sentence. */
export function installHint({ os, distributions }: HostSystem): string {
  // Not on Windows: Redis itself is not built for it.
  if (os === 'win32') return 'Run inferq in WSL, or set REDIS_URL to a Redis that runs.';
  const name = [...distributions, os].find((name) => COMMANDS[name] !== undefined);
  const command = name && COMMANDS[name];
  return command
    ? `Install it: ${command} (or set REDIS_URL to one that runs).`
    : 'Install Redis 6.2 or later, so that redis-server is on the PATH, or set REDIS_URL to one that runs.';
}
