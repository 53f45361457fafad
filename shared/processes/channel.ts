/** One end of what two processes say to each other. */
export interface Port {
  /** False, or an error, where the other is gone: its question stays without an answer then. */
  send(message: object): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** Answers questions of one kind; what it throws is told to who asks. */
export type Answer = (about: unknown) => Promise<unknown>;

export interface Channel {
  /** Throws where the other end answers with a fault, or not within `withinMs` milliseconds. */
  ask(what: string, about: unknown, withinMs: number): Promise<unknown>;
}

interface Question {
  ask: string;
  id: number;
  about: unknown;
}

interface Reply {
  reply: number;
  value?: unknown;
  fault?: string;
}

/** Questions and answers, in both directions, between the supervisor and a process. */
export function openChannel(port: Port, answers: Readonly<Record<string, Answer>>): Channel {
  const waiting = new Map<number, (reply: Reply) => void>();
  let asked = 0;

  async function answer({ ask, id, about }: Question): Promise<void> {
    try {
      const value = await answers[ask]?.(about);
      port.send({ reply: id, value } satisfies Reply);
    } catch (error) {
      port.send({ reply: id, fault: error instanceof Error ? error.message : String(error) } satisfies Reply);
    }
  }

  port.onMessage((message) => {
    if (isQuestion(message)) void answer(message);
    else if (isReply(message)) waiting.get(message.reply)?.(message);
  });

  return {
    async ask(what, about, withinMs) {
      const id = (asked += 1);
      const late = Promise.withResolvers<Reply>();
      const timer = setTimeout(
        () => late.resolve({ reply: id, fault: `no answer within ${withinMs} ms` }),
        withinMs,
      );
      waiting.set(id, late.resolve);
      port.send({ ask: what, id, about } satisfies Question);
      const { value, fault } = await late.promise;
      clearTimeout(timer);
      waiting.delete(id);
      if (fault !== undefined) throw new Error(fault);
      return value;
    },
  };
}

function isQuestion(message: unknown): message is Question {
  return typeof message === 'object' && message !== null && 'ask' in message && 'id' in message;
}

function isReply(message: unknown): message is Reply {
  return typeof message === 'object' && message !== null && 'reply' in message;
}
