import cluster from 'node:cluster';
import { once } from 'node:events';
import { messageOf } from '../errors.ts';
import { openChannel, type Answer, type Channel } from './channel.ts';

/** What a process says when it does its work. */
export interface Ready {
  type: 'ready';
  url: string;
  /** What its work has to finish after SIGTERM. */
  drainMs: number;
}

export interface Exit {
  code: number | null;
  signal: string | null;
  /** Where the system has refused to start it. */
  fault?: string;
}

/** A process that does the role's work, as its supervisor has it. */
export interface RoleMember {
  id: number;
  channel: Channel;
  /** Once it has said so. */
  ready: Ready | undefined;
  /** Settles when it is ready, or will never be. */
  started: Promise<unknown>;
  exited: Promise<Exit>;
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
}

/** Starts one more process of the role. */
export function startMember(
  answers: Readonly<Record<string, Answer>>,
  onNotice: (text: string) => void,
): RoleMember {
  const worker = cluster.fork();
  const ready = Promise.withResolvers<void>();
  const exited = once(worker, 'exit').then(
    ([code, signal]): Exit => ({ code, signal }),
    (error: unknown): Exit => ({ code: null, signal: null, fault: messageOf(error) }),
  );
  worker.on('error', () => undefined);
  const channel = openChannel(
    {
      send(message) {
        if (worker.isConnected()) worker.process.send(message, () => undefined);
      },
      onMessage: (listener) => worker.on('message', listener),
    },
    answers,
  );
  const member: RoleMember = {
    id: worker.id,
    channel,
    ready: undefined,
    started: Promise.race([ready.promise, exited]),
    exited,
    // The worker's own `kill` would take its connections from it first.
    signal: (name) => void worker.process.kill(name),
  };
  worker.on('message', (message: unknown) => {
    if (isReady(message)) {
      member.ready = message;
      ready.resolve();
    } else if (isNotice(message)) onNotice(message.text);
  });
  return member;
}

export function describeExit({ code, signal, fault }: Exit): string {
  return fault ?? (signal ? `ended by ${signal}` : `exit code ${code}`);
}

function isReady(message: unknown): message is Ready {
  return isOfType(message, 'ready') && 'url' in message && 'drainMs' in message;
}

function isNotice(message: unknown): message is { text: string } {
  return isOfType(message, 'notice') && 'text' in message;
}

function isOfType(message: unknown, type: string): message is { type: string } {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === type;
}
