import { readFile, readdir } from 'node:fs/promises';

/** CPU that a process has used so far, user and system, of all its threads, in µs; from Linux' scheduler. */
export async function cpuOf(pid: number): Promise<number> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const spent = await Promise.all(
    tasks.map(async (task) => {
      // A thread may end between the listing and the look.
      const text = await readFile(`/proc/${pid}/task/${task}/schedstat`, 'utf8').catch(() => '0');
      return Number(text.split(' ')[0]) / 1000;
    }),
  );
  return spent.reduce((sum, one) => sum + one, 0);
}

/** Resident memory in MiB. */
export async function residentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
