import { createHash } from 'node:crypto';

const MOST_TRIES = 5;

/** A Lua script of one key, and the connections of which Redis is known to have it. */
export interface Script {
  /** The beginnings of its two commands: by its hash, and with its text where Redis may not know that. */
  byHash: string;
  byText: string;
  loaded: WeakSet<object>;
}

export function toScript(text: string): Script {
  const hash = createHash('sha1').update(text).digest('hex');
  return {
    byHash: bulk('evalsha') + bulk(hash) + bulk('1'),
    byText: bulk('eval') + bulk(text) + bulk('1'),
    loaded: new WeakSet(),
  };
}

/** What ioredis asks of a command. */
interface RedisCommand {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly promise: Promise<unknown>;
  isSettled: boolean;
  isResolved: boolean;
  isTraced: boolean;
  inTransaction: boolean;
  setReplyContext(context: unknown): void;
  toWritable(socket: object): string | Buffer;
  resolve(reply: unknown): void;
  reject(error: Error): void;
}

export interface Sender {
  sendCommand(command: RedisCommand): unknown;
}

/**
 * One call of a script, as a command of ioredis: the same as its own of `defineCommand`, but with one promise in place of
 * five and its beginning made beforehand. Sent again with the script's text where Redis has lost it, of which nothing
 * was done then; under load it may lose it more than once.
 */
export class ScriptCall implements RedisCommand {
  readonly name = 'evalsha';
  readonly args: readonly string[];
  readonly promise: Promise<unknown>;
  isSettled = false;
  isResolved = false;
  isTraced = false;
  inTransaction = false;
  readonly #redis: Sender;
  readonly #script: Script;
  #socket: object | undefined;
  #tries = 0;
  #resolve!: (reply: unknown) => void;
  #reject!: (error: Error) => void;

  constructor(redis: Sender, script: Script, args: readonly string[]) {
    this.#redis = redis;
    this.#script = script;
    this.args = args;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  send(): Promise<unknown> {
    this.#tries += 1;
    this.#redis.sendCommand(this);
    return this.promise;
  }

  /** Of the protocol's version and form: the reply of a script is the same in all. */
  setReplyContext(): void {}

  toWritable(socket: object): string {
    const { loaded, byHash, byText } = this.#script;
    this.#socket = socket;
    let text = `*${this.args.length + 3}\r\n${loaded.has(socket) ? byHash : byText}`;
    loaded.add(socket);
    for (const arg of this.args) text += bulk(arg);
    return text;
  }

  resolve(reply: unknown): void {
    this.isResolved = true;
    this.isSettled = true;
    this.#resolve(toText(reply));
  }

  reject(error: Error): void {
    // Who was told that there is no answer in time may have tried again.
    if (this.isSettled) return;
    if (this.#socket && error.message.startsWith('NOSCRIPT') && this.#tries < MOST_TRIES) {
      this.#script.loaded.delete(this.#socket);
      void this.send();
      return;
    }
    this.isSettled = true;
    this.#reject(error);
  }
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}

/** Replies come as bytes. */
function toText(reply: unknown): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString();
  return Array.isArray(reply) ? reply.map(toText) : reply;
}
