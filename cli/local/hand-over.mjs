import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';

const OLDEST_WITH_TYPES = [22, 20];

/** Whether a Node of this version (`22.20.0`) runs the project's TypeScript as it is. */
export function runsTypeScript(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_WITH_TYPES[0] || (major === OLDEST_WITH_TYPES[0] && minor >= OLDEST_WITH_TYPES[1]);
}

/**
 * What keeps the packaged Node from running on this machine, and what to do, in one line; nothing where it runs. It is
 * built for glibc (so not for Alpine), and a minimal Debian lacks a library of it.
 */
export function faultOfNode(node) {
  const { error, status, stderr } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (status === 0) return undefined;
  const library = /\blib[\w+-]+\.so(?:\.\d+)*/.exec(stderr ?? '')?.[0];
  if (!library) return `${node} does not run here (${error?.code ?? status}). Install Node 22.20 or later.`;
  // Debian's own rule for the names of packages of libraries.
  const name = library.replace('.so.', '');
  return `the project's Node lacks ${library} here. Install it (Debian, Ubuntu: sudo apt-get install ${name}), or Node 22.20 or later.`;
}

/**
 * Lets another program take this one's place as far as an operating system without `exec` allows: same
 * terminal, same signals, same exit code. A Ctrl-C reaches the child twice (from the terminal and from
 * here), so the child has to take two at nearly the same moment as one.
 *
 * @param {string} command
 * @param {string[]} args
 */
export function handOver(command, args) {
  const child = spawn(command, args, { stdio: 'inherit' });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const forward = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  endWithNpm(child);
  child.on('error', (error) => {
    for (const signal of signals) process.off(signal, forward);
    reportAndFail(error);
  });
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
}

/**
 * npm runs its scripts in a shell, which keeps a signal sent to npm alone to itself, dies of it and leaves this
 * process behind. So the end of that shell counts as the signal.
 */
function endWithNpm(child) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    child.kill('SIGTERM');
  }, 200);
  timer.unref();
}

function reportAndFail(error) {
  console.error(`inferq: ${error.message}`);
  process.exitCode = 1;
}
