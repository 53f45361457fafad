import type { Answer } from './channel.ts';
import { createJoinedPages } from './joined-pages.ts';
import { startMember, type RoleMember } from './role-member.ts';

/** The processes of a role, as their supervisor has them. */
export interface RoleMembers {
  start(): RoleMember;
  someReady(): boolean;
  /** Where the role serves. */
  url(): string;
  /** The longest that one of them takes to finish its work. */
  drainMs(): number;
  /** Asks all to finish, and ends those that have not after so many milliseconds. Throws where one failed at it. */
  stop(withinMs: number): Promise<void>;
}

/** Each process hears of a fault in the model file; once is enough to tell. */
const SAME_NOTICE_MS = 5000;

export function createRoleMembers(wanted: number, now: () => number): RoleMembers {
  const members = new Set<RoleMember>();
  const pages = createJoinedPages(() => [...members], wanted);
  const notify = createNotifier(now);
  const answers: Record<string, Answer> = {
    listen: async (place) => {
      if (!isPlace(place)) throw new Error('There is no place to listen at.');
      return pages.listen(place);
    },
    readiness: () => pages.readiness.report(),
    sum: () => pages.sum(),
  };

  async function forget(member: RoleMember): Promise<void> {
    await member.exited;
    members.delete(member);
    pages.leave(member);
  }

  return {
    start() {
      const member = startMember(answers, notify);
      members.add(member);
      void forget(member);
      return member;
    },
    someReady: () => [...members].some(isReady),
    url: () => [...members].find(isReady)?.ready?.url ?? '',
    drainMs: () => Math.max(0, ...[...members].map(({ ready }) => ready?.drainMs ?? 0)),
    async stop(withinMs) {
      const all = [...members];
      for (const member of all) member.signal('SIGTERM');
      const late = setTimeout(() => {
        for (const member of members) member.signal('SIGKILL');
      }, withinMs);
      const exits = await Promise.all(all.map(({ exited }) => exited));
      clearTimeout(late);
      await pages.stop();
      if (exits.some(({ code }) => code !== 0)) throw new Error('A process did not end in order.');
    },
  };
}

function isReady({ ready }: RoleMember): boolean {
  return ready !== undefined;
}

/** Hands what a process has to say to a person on to who has started us. */
function createNotifier(now: () => number): (text: string) => void {
  const told = new Map<string, number>();
  return (text) => {
    if (now() - (told.get(text) ?? Number.NEGATIVE_INFINITY) < SAME_NOTICE_MS) return;
    told.clear();
    told.set(text, now());
    process.send?.({ type: 'notice', text });
  };
}

function isPlace(value: unknown): value is { host: string; port: number } {
  return typeof value === 'object' && value !== null && 'host' in value && 'port' in value;
}
