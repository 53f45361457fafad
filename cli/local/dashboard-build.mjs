import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const VITE = ['node_modules', 'vite', 'bin', 'vite.js'];

/**
 * Builds the dashboard into `dist/dashboard` unless what is there was made of the same sources: a glance at some sixty
 * small files. Plain JavaScript, for setup.mjs; `node` is the project's own. Throws what Vite said.
 */
export function buildDashboard(root, node, say = () => undefined) {
  const made = join(root, 'dist', 'dashboard');
  const stamp = join(made, '.sources');
  const sources = hashSources(root);
  if (existsSync(join(made, 'index.html')) && readText(stamp) === sources) return;
  say('Building the dashboard (once, about two seconds) …');
  execFileSync(node, [join(root, ...VITE), 'build', join(root, 'dashboard'), '--logLevel', 'warn'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  writeFileSync(stamp, sources);
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
