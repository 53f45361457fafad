import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRecord } from './json.ts';

/** What a running `npm start` writes into its clone. */
export interface DevState {
  url: string;
  token: string;
}

/**
 * Looks for `.inferq/dev.json` in the folder and in those above it. A file that names another machine is passed
 * over: a folder that somebody else made must not be able to direct a token to a host of theirs.
 */
export function findDevState(folder: string): DevState | null {
  const state = readState(join(folder, '.inferq', 'dev.json'));
  if (state) return state;
  const above = dirname(folder);
  return above === folder ? null : findDevState(above);
}

function readState(path: string): DevState | null {
  let state: unknown;
  try {
    state = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // Absent, unreadable or half written: there is no broker to be found this way.
    return null;
  }
  if (!isRecord(state) || typeof state['url'] !== 'string' || typeof state['token'] !== 'string') return null;
  return isLoopback(state['url']) ? { url: state['url'], token: state['token'] } : null;
}

export function isLoopback(url: string): boolean {
  const host = URL.parse(url)?.hostname ?? '';
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
