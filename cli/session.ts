import process from 'node:process';
import { createClient, type Client } from './client.ts';
import { resolveConnection, type ConnectionEnvironment } from './connection.ts';
import { findDevState } from './dev-state.ts';
import { createScreen, type Screen, type ScreenEnvironment } from './terminal.ts';

export interface GlobalOptions {
  url?: string;
  token?: string;
  json?: boolean;
  verbose?: boolean;
}

export interface Environment extends ConnectionEnvironment, ScreenEnvironment {
  REDIS_URL?: string | undefined;
  /** Whatever a model file may refer to. */
  [name: string]: string | undefined;
}

/** What every command works with. */
export interface Session {
  client: Client;
  /** Whether output is for a program. Then the standard error holds nothing but a problem. */
  json: boolean;
  stdout: Screen;
  stderr: Screen;
  env: Environment;
}

export function openSession(options: GlobalOptions, env: Environment): Session {
  const json = options.json === true;
  const stdout = createScreen(process.stdout, env);
  const stderr = createScreen(process.stderr, env);
  const note = (text: string) => {
    if (!json) stderr.write(`${stderr.colors.dim(text)}\n`);
  };
  const client = createClient({
    connection: resolveConnection(options, env, findDevState(process.cwd())),
    fetch,
    random: Math.random,
    note,
    trace: options.verbose === true ? note : () => {},
  });
  return { client, json, stdout, stderr, env };
}
