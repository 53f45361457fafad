import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const VITE = ['node_modules', 'vite', 'bin', 'vite.js'];
const STAMP = '.sources';

/** Whether `dist/dashboard` was made of the sources as they are: a glance at some two hundred small files. */
export function dashboardIsCurrent(root) {
  // A package that was published has it built, and no sources.
  if (!existsSync(join(root, 'dashboard'))) return true;
  const made = join(root, 'dist', 'dashboard');
  return existsSync(join(made, 'index.html')) && readText(join(made, STAMP)) === hashSources(root);
}

/**
 * Builds the dashboard into `dist/dashboard` unless it is current. Plain JavaScript, for setup.mjs; `node` is one that
 * runs Vite. Throws what Vite said.
 */
export function buildDashboard(root, node, say = () => undefined) {
  if (dashboardIsCurrent(root)) return;
  const sources = hashSources(root);
  say('Building the dashboard (once, about two seconds) …');
  execFileSync(node, [join(root, ...VITE), 'build', join(root, 'dashboard'), '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  writeFileSync(join(root, 'dist', 'dashboard', STAMP), sources);
}

/** What it is made of: its own files, those of shared/ that it has in it, and the versions of its libraries. */
function hashSources(root) {
  const hash = createHash('sha256');
  const folders = ['dashboard', 'shared'].map((name) => join(root, name));
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(?:tsx?|css|html|svg)$/.test(entry.name))
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
  );
  for (const file of [join(root, 'package-lock.json'), ...files.sort((a, b) => (a < b ? -1 : 1))]) {
    hash.update(`${relative(root, file)}\0`);
    hash.update(readFileSync(file));
  }
  return hash.digest('hex');
}

function readText(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
