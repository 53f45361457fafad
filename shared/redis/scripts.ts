import { readFileSync, readdirSync } from 'node:fs';
import { Redis, type Cluster } from 'ioredis';
import type { RedisConnection } from './connection.ts';
import { ScriptCall, toScript } from './script-call.ts';

const folder = new URL('./scripts/', import.meta.url);

/** Calls a Lua script by name; Redis is sent its hash, and its text where it has lost it (NOSCRIPT). */
export type RunScript = (name: string, key: string, ...args: (string | number)[]) => Promise<unknown>;

const runners = new WeakMap<RedisConnection, RunScript>();

/** The scripts of a connection; they are read when it is first asked for them. */
export function createScripts(redis: RedisConnection): RunScript {
  const known = runners.get(redis);
  if (known) return known;
  const run = redis instanceof Redis ? callScripts(redis) : defineScripts(redis);
  runners.set(redis, run);
  return run;
}

function callScripts(redis: Redis): RunScript {
  const scripts = new Map([...readScripts()].map(([name, { lua }]) => [name, toScript(lua)]));
  return (name, ...args) => {
    const script = scripts.get(name);
    if (!script) throw new TypeError(`There is no Lua script ${name}`);
    return new ScriptCall(redis, script, args.map(String)).send();
  };
}

/** On a cluster a command is routed, and sent again when its slot has moved: that is ioredis' own work. */
function defineScripts(redis: Cluster): RunScript {
  for (const [name, definition] of readScripts()) redis.defineCommand(commandOf(name), definition);
  return async (name, key, ...args) => {
    const command: unknown = Reflect.get(redis, commandOf(name));
    if (typeof command !== 'function') throw new TypeError(`There is no Lua script ${name}`);
    return repeatIfForgotten(async (): Promise<unknown> => Reflect.apply(command, redis, [key, ...args]));
  };
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

/** A file is put in where it is named, be that in another one or in the middle of a function. */
function include(text: string): string {
  return text.replaceAll(/^ *-- @include (.+)$/gm, (_, names: string) =>
    names
      .split(' ')
      .map((name) => include(readFileSync(new URL(`lib/${name}.lua`, folder), 'utf8')))
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
