import { spawn } from 'node:child_process';

/** For roles in the middle of a job: they see the end of their supervisor too, and settle what they can. */
const GRACE_SECONDS = 2;

/**
 * Ends a process when this one is gone, even by SIGKILL: a shell holds the other end of a pipe, which the
 * kernel closes with us. For programs that know nothing of a supervisor; our own roles have their IPC channel.
 */
export function endWithUs(pid: number, exited: Promise<unknown>): void {
  const script = `while read -r _; do :; done; sleep ${GRACE_SECONDS}; kill -TERM ${pid}`;
  const shell = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // Without a shell nothing watches; the next start in the same folder takes the server over all the same.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  void exited.then(() => shell.kill('SIGKILL'));
}
