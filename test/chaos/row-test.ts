import { randomInt } from 'node:crypto';
import test from 'ava';
import { createChaos, type Row } from './row.ts';

/** Of the whole size, as all of it together has to fit into a few minutes. */
const SCALE = 0.1;
const MILLISECONDS = 1000;

/** A row as a test. INFERQ_SEED repeats its random faults. */
export function testRow(row: Row, scale = SCALE): void {
  test.serial(`row ${row.row}: ${row.injected}: ${row.bar}`, async (t) => {
    const seed = Number(process.env['INFERQ_SEED'] ?? randomInt(2 ** 31));
    t.log(`INFERQ_SEED=${seed}, scale ${scale}`);
    t.timeout(row.deadline * MILLISECONDS);
    const teardown = (end: () => unknown) => t.teardown(async () => void (await end()));
    const chaos = createChaos({ row: row.row, seed, scale, tell: () => undefined, teardown });
    const { figure, verdict } = await row.run(chaos);
    t.log(`${verdict}: ${figure}`);
    t.not(verdict, 'missed', figure);
  });
}
