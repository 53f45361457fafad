import { mkdir } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { readLogTail } from './log-tail.ts';
import { startLogged } from './logged-process.ts';
import { describeExit } from './process-exit.ts';

export interface TokenToSave {
  redisUrl: string;
  token: string;
  log: string;
}

/** Makes the API accept the development token; throws with one line when Redis does not take it. */
export async function saveDevelopmentToken(
  { redisUrl, token, log }: TokenToSave,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(dirname(log), { recursive: true, mode: 0o700 });
  signal.throwIfAborted();
  const file = join(import.meta.dirname, `save-token${extname(import.meta.filename)}`);
  const env = { ...process.env, REDIS_URL: redisUrl, INFERQ_DEV_TOKEN: token };
  const { child, exited } = startLogged(process.execPath, [file], { env, log });
  const kill = () => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill);
  const exit = await exited;
  signal.removeEventListener('abort', kill);
  if (exit.code === 0) return;
  const [fault = describeExit(exit)] = await readLogTail(log, 1);
  throw new Error(`${fault} (log: ${log})`);
}
