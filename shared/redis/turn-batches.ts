import { atTurnEnd } from './turn-end.ts';

/** A batch is sent when it has so many calls, or texts of so many characters: a script must not hold Redis up for long. */
export interface BatchBounds {
  calls: number;
  characters: number;
}

/** Answers the calls of one batch in their order; an Error is the answer to one of them alone. */
export type SendBatch<Call, Answer> = (
  key: string,
  calls: readonly Call[],
) => Promise<readonly (Answer | Error)[]>;

/** What is asked in one turn of the event loop, sent together where its key is the same. */
export interface TurnBatches<Call, Answer> {
  /** `characters`: about how long the texts of the call are. */
  ask(key: string, call: Call, characters: number): Promise<Answer>;
}

interface Batch<Call, Answer> {
  calls: Call[];
  characters: number;
  callers: {
    resolve: (answer: Answer) => void;
    reject: (error: unknown) => void;
  }[];
}

export function createTurnBatches<Call, Answer>(
  most: BatchBounds,
  send: SendBatch<Call, Answer>,
): TurnBatches<Call, Answer> {
  let open = new Map<string, Batch<Call, Answer>>();

  function sendAll(): void {
    const turn = open;
    open = new Map();
    for (const [key, batch] of turn) void sendOne(key, batch);
  }

  async function sendOne(key: string, { calls, callers }: Batch<Call, Answer>): Promise<void> {
    try {
      const answers = await send(key, calls);
      for (const [index, { resolve, reject }] of callers.entries()) {
        const answer = answers[index];
        if (answer === undefined) reject(new TypeError('A call of the batch has no answer'));
        else if (answer instanceof Error) reject(answer);
        else resolve(answer);
      }
    } catch (error) {
      for (const { reject } of callers) reject(error);
    }
  }

  return {
    ask: (key, call, characters) =>
      new Promise((resolve, reject) => {
        if (open.size === 0) atTurnEnd('batch', sendAll);
        const batch = open.get(key) ?? {
          calls: [],
          characters: 0,
          callers: [],
        };
        open.set(key, batch);
        batch.calls.push(call);
        batch.callers.push({ resolve, reject });
        batch.characters += characters;
        if (batch.calls.length < most.calls && batch.characters < most.characters) return;
        open.delete(key);
        void sendOne(key, batch);
      }),
  };
}
