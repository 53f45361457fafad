import cluster from 'node:cluster';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLOSING_MS, endWithSupervisor, stopOnSignals } from '../lifecycle.ts';
import type { Death } from './death-log.ts';
import { restartDelay } from './restart-delay.ts';
import { describeExit, type Exit } from './role-member.ts';
import { createRoleMembers, type RoleMembers } from './role-members.ts';

export interface SupervisorOptions {
  role: string;
  /** The program of each process. */
  file: string;
  /** How many. */
  processes: number;
  /** One has died, and is replaced. */
  onDeath: (death: Death) => void;
  /** There is none, and none can be started. The text is for a person; empty: the process has said why itself. */
  onLost: (text: string) => void;
}

/** Those that hang are ended so long before this process would be. */
const BEFORE_THE_END_MS = 1000;

/**
 * Runs a role in several processes: starts them, replaces those that die, stops them all. It settles when all are ready.
 * The first begins alone, so that what is wrong is told once.
 */
export async function supervise(options: SupervisorOptions): Promise<void> {
  const begun = endWithSupervisor();
  // All take connections from one queue. Handing them out in turn spreads them more evenly, but Node forgets the one in
  // the hands of a process that stands still and dies: it is neither answered nor closed.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({ exec: options.file, args: [], serialization: 'advanced' });
  const ending = new AbortController();
  const members = createRoleMembers(options.processes, () => performance.now());
  const fill = (): Promise<void> =>
    new Promise((resolve) => {
      keepFilled(options, members, ending.signal, resolve).catch(() => undefined);
    });
  await fill();
  // From here on one of them works: it is to finish even where another does not get ready.
  stopOnSignals(
    async (deadlineMs) => {
      ending.abort();
      await members.stop(deadlineMs + CLOSING_MS - BEFORE_THE_END_MS);
    },
    () => members.drainMs(),
    () => undefined,
  );
  await Promise.all(Array.from({ length: options.processes - 1 }, fill));
  begun();
  process.send?.({ type: 'ready', url: members.url() });
}

/** Keeps one place filled until all end. */
async function keepFilled(
  { role, onDeath, onLost }: SupervisorOptions,
  members: RoleMembers,
  ending: AbortSignal,
  onReady: () => void,
): Promise<void> {
  const deaths: number[] = [];
  while (!ending.aborted) {
    const member = members.start();
    await member.started;
    if (member.ready) onReady();
    const exit = await member.exited;
    if (ending.aborted) return;
    if (!member.ready && !members.someReady()) return onLost(faultOf(role, exit));
    deaths.push(performance.now());
    const delay = restartDelay(deaths, performance.now());
    onDeath({ process: member.id, reason: describeExit(exit), restartIn: delay / 1000 });
    await sleep(delay, undefined, { signal: ending });
  }
}

function faultOf(role: string, exit: Exit): string {
  return exit.code === 1 ? '' : `No process of the ${role} can be started (${describeExit(exit)}).`;
}
