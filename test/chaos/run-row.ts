// Runs one row in a process of its own: whatever hangs or leaks there ends with it.
import process from 'node:process';
import { createChaos, type Finding } from './row.ts';
import { ROWS } from './rows.ts';

const [number, seed, scale] = process.argv.slice(2).map(Number);
const row = ROWS.find((row) => row.row === number);
if (!row || seed === undefined || scale === undefined) throw new Error(`No row ${number}`);

const ends: (() => unknown)[] = [];
let ending: Promise<void> | undefined;

/** In the order of tests: what came last goes first. */
function endAll(): Promise<void> {
  ending ??= (async () => {
    for (let end = ends.pop(); end; end = ends.pop()) await Promise.resolve(end()).catch(report);
  })();
  return ending;
}

function report(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
}

function send(message: { progress: string } | { finding: Finding }): void {
  if (process.connected) process.send?.(message);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void endAll().finally(() => process.exit(1)));
process.on('disconnect', () => void endAll().finally(() => process.exit(1)));

const chaos = createChaos({
  row: row.row,
  seed,
  scale,
  tell: (progress) => send({ progress }),
  teardown: (end) => void ends.push(end),
});

try {
  send({ finding: await row.run(chaos) });
} catch (error) {
  report(error);
  send({ finding: { figure: error instanceof Error ? error.message : String(error), verdict: 'missed' } });
} finally {
  await endAll();
  process.exit();
}
