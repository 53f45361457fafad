import { toAttempts } from '../../../shared/attempt-history.ts';
import type { Suite } from './suite.ts';

export const history: Suite = (test, newWorld) => {
  test('an attempt that is broken off is in the history of whoever leaves', async (t) => {
    const world = newWorld();
    const first = await world.submit({ input: 1 });
    const second = await world.submit({ input: 1 });
    const run = await world.start(first.id);
    await world.store.leave(first.id, 'canceled');
    const left = await world.read(first.id);
    t.deepEqual(toAttempts(left.history), [
      {
        attempt: 1,
        started_at: new Date(run.startedAt).toISOString(),
        ended_at: new Date(left.endedAt ?? 0).toISOString(),
        outcome: 'canceled',
      },
    ]);
    await world.succeed(run);
    t.is((await world.read(second.id)).history, '[1,0,1,"succeeded"]');
    const waiting = await world.submit();
    await world.store.leave(waiting.id, 'canceled');
    t.is((await world.read(waiting.id)).history, undefined);
  });
};
