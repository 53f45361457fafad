import { startMetricsServer, type Place } from '../observe/metrics-server.ts';
import type { Readiness } from '../observe/readiness.ts';
import { createJoinedMetrics, isReport } from './joined-metrics.ts';
import { isReadiness, joinReadiness } from './joined-readiness.ts';
import type { RoleMember } from './role-member.ts';

/** Longer than a process may take for its own checks. */
const ASK_MS = 1000;

export interface JoinedPages {
  /** Opens the second listener, once; the answer is its address. */
  listen(place: Place): Promise<string>;
  readiness: Readiness;
  /** What all that answer count, taken together. */
  sum(): Promise<number>;
  leave(member: RoleMember): void;
  stop(): Promise<void>;
}

/** The second listener of several processes: it asks each, and tells of them as of one. */
export function createJoinedPages(members: () => readonly RoleMember[], wanted: number): JoinedPages {
  const metrics = createJoinedMetrics();
  let server: Promise<{ url: string; stop(): Promise<void> }> | undefined;

  const readiness: Readiness = {
    async report() {
      const reports = members().map(async (member) => {
        const report = await ask(member, 'readiness');
        return [member.id, isReadiness(report) ? report : undefined] as const;
      });
      return joinReadiness(await Promise.all(reports), wanted);
    },
  };

  async function page(): Promise<string> {
    // One that is too busy to answer is there with what it told last.
    const noted = members().map(async (member) => {
      const told = await ask(member, 'metrics');
      if (isReport(told) && members().includes(member)) metrics.note(member.id, told);
    });
    await Promise.all(noted);
    return metrics.page();
  }

  async function scaling(path: string): Promise<{ status: number; body: unknown } | undefined> {
    const member = members().find(({ ready }) => ready);
    const answer = await member?.channel.ask('scaling', path, ASK_MS);
    return isAnswer(answer) ? answer : undefined;
  }

  return {
    readiness,
    async listen(place) {
      server ??= startMetricsServer(
        place,
        { contentType: metrics.contentType, metrics: page },
        readiness,
        scaling,
      );
      return (await server).url;
    },
    async sum() {
      const counts = await Promise.all(members().map((member) => ask(member, 'count')));
      return counts.reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
    },
    leave: ({ id }) => metrics.leave(id),
    async stop() {
      await (await server)?.stop();
    },
  };
}

/** Undefined where it does not answer. */
function ask({ channel }: RoleMember, what: string): Promise<unknown> {
  return channel.ask(what, undefined, ASK_MS).catch(() => undefined);
}

function isAnswer(value: unknown): value is { status: number; body: unknown } {
  return typeof value === 'object' && value !== null && 'status' in value && 'body' in value;
}
