import { readFileSync, readdirSync } from 'node:fs';
import type { RedisConnection } from './connection.ts';

const folder = new URL('./scripts/', import.meta.url);

/** A Lua script by name; ioredis sends its hash, and the text where Redis has lost it (NOSCRIPT). */
export type RunScript = (
  name: string,
  key: string,
  ...args: (string | number | Buffer)[]
) => Promise<unknown>;

const runners = new WeakMap<RedisConnection, RunScript>();

/** The scripts of a connection; they are read when it is first asked for them. */
export function createScripts(redis: RedisConnection): RunScript {
  const known = runners.get(redis);
  if (known) return known;
  for (const [name, definition] of readScripts()) redis.defineCommand(commandOf(name), definition);
  const run: RunScript = async (name, key, ...args) => {
    const command: unknown = Reflect.get(redis, commandOf(name));
    if (typeof command !== 'function') throw new TypeError(`There is no Lua script ${name}`);
    return repeatIfForgotten(async (): Promise<unknown> => Reflect.apply(command, redis, [key, ...args]));
  };
  runners.set(redis, run);
  return run;
}

/** The text of each script with its `@include`s put in; the number of keys ends the file's name. */
function readScripts(): Map<string, { lua: string; numberOfKeys: number }> {
  const scripts = readdirSync(folder).flatMap((file) => {
    const [, name, keys] = /^([a-z-]+)-(\d)\.lua$/.exec(file) ?? [];
    if (!name) return [];
    return [
      [name, { lua: include(readFileSync(new URL(file, folder), 'utf8')), numberOfKeys: Number(keys) }],
    ] as const;
  });
  return new Map(scripts);
}

function include(text: string): string {
  return text.replaceAll(/^ *-- @include (.+)$/gm, (_, names: string) =>
    names
      .split(' ')
      .map((name) => readFileSync(new URL(`lib/${name}.lua`, folder), 'utf8'))
      .join('\n'),
  );
}

function commandOf(name: string): string {
  return `inferq_${name.replaceAll('-', '_')}`;
}

const MOST_TRIES = 5;

/** ioredis sends a forgotten script again once; under load Redis may have forgotten it again by then. */
async function repeatIfForgotten(run: () => Promise<unknown>): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      // NOSCRIPT: nothing was done.
      if (tries >= MOST_TRIES || !(error instanceof Error) || !error.message.startsWith('NOSCRIPT'))
        throw error;
    }
  }
}
