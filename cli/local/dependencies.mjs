import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A fault for a person: its message is one line that says what to do. */
export class InstallError extends Error {}

const BY_HAND = 'npm ci --ignore-scripts && npm rebuild node';
const NO_NETWORK = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)\b/;
// npm's own defaults wait for more than a minute before they say that there is no network.
const RETRIES = ['--fetch-retries=3', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
// A person's own npm settings (omit dev, no scripts at all) must not decide what the project gets.
const INSTALL = ['ci', '--ignore-scripts', '--include=dev', '--loglevel=error', ...RETRIES];
// The only install script that may run: it fetches the project's Node.
const REBUILD = ['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error', ...RETRIES];

/** Whether node_modules holds what package-lock.json asks for, whoever installed it. */
export function dependenciesAreCurrent(root) {
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  const wanted = readJson(join(root, 'package-lock.json'))?.packages;
  if (!installed || !wanted) return false;
  return readText(stampFile(root)) === lockHash(root) || holdsAll(installed, wanted);
}

function holdsAll(installed, wanted) {
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    // Optional packages of other platforms are in the lock file, but never installed.
    const absent = installed[path] === undefined;
    return path === '' || (absent ? optional === true : installed[path].version === version);
  });
}

/** Installs everything, or only the project's Node where that alone is missing. */
export async function installDependencies(root) {
  const done = showProgress('Installing dependencies (once, about a minute) …');
  try {
    if (!dependenciesAreCurrent(root)) await npm(root, INSTALL);
    await npm(root, REBUILD);
    writeFileSync(stampFile(root), lockHash(root));
  } finally {
    done();
  }
}

async function npm(root, args) {
  const { code, output } = await run(root, args);
  if (code === 0) return;
  if (code === 'ENOENT')
    throw new InstallError('npm was not found. Install Node with npm: https://nodejs.org');
  if (NO_NETWORK.test(output)) {
    throw new InstallError(`the npm registry cannot be reached. With a network, type: ${BY_HAND}`);
  }
  throw new InstallError(`npm ${args[0]} failed (${firstFault(output)}). Type: ${BY_HAND}`);
}

function firstFault(output) {
  const lines = output.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim());
  return lines.find((line) => line !== '' && !line.startsWith('code ')) ?? 'without a word';
}

function run(root, args) {
  return new Promise((resolve) => {
    const child = spawn('npm', args, {
      cwd: root,
      env: npmEnvironment(root),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk) => (output = (output + chunk).slice(-20_000));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const stop = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, stop);
    child.on('error', (error) => resolve({ code: error.code, output }));
    child.on('close', (code, signal) => {
      for (const name of signals) process.off(name, stop);
      resolve({ code: code ?? signal, output: signal ? `stopped by ${signal}` : output });
    });
  });
}

function npmEnvironment(root) {
  // `npm start` puts node_modules/.bin first, and with it the very Node that this install replaces.
  const own = join(root, 'node_modules', '.bin');
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== own);
  return { ...process.env, PATH: path.join(delimiter) };
}

function showProgress(text) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const { isTTY } = process.stderr;
  process.stderr.write(isTTY ? text : `${text}\n`);
  const tick = () => process.stderr.write(isTTY ? `\r${text} ${seconds()} s` : `… ${seconds()} s\n`);
  const timer = setInterval(tick, isTTY ? 1000 : 20_000);
  return () => {
    clearInterval(timer);
    if (isTTY) process.stderr.write('\n');
  };
}

function stampFile(root) {
  return join(root, 'node_modules', '.inferq-installed');
}

function lockHash(root) {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function readJson(file) {
  const text = readText(file);
  return text === undefined ? undefined : JSON.parse(text);
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
