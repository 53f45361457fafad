import test from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { createEvents } from '../../shared/events.ts';
import { createRegistry } from '../../shared/models/registry.ts';
import { createClaims } from '../../shared/redis/claims.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createModelWorkers } from '../../workers/model-workers.ts';
import { createRoom } from '../../workers/room.ts';
import { createBullWorld } from '../conformance/bull-world.ts';
import { createJobWorld } from '../support/job-world.ts';

const redis = await startTemporaryRedis({ settings: { appendonly: 'no' } });
const connection = connect(redis.url, PATIENT);
test.after.always(async () => {
  await connection.quit();
  await redis.stop();
});

test('a run that is abandoned before its worker has heard that it has it is broken off', async (t) => {
  const world = createJobWorld(connection);
  const bull = createBullWorld(world);
  t.teardown(() => bull.close());
  const registry = createRegistry();
  registry.replace([{ spec: world.model, source: 'file', draining: false }]);
  const seen = Promise.withResolvers<unknown>();
  const claims = createClaims(connection, { worker: 'worker', lockMs: 30_000 });
  const models = createModelWorkers({
    connection,
    registry,
    claims: {
      ...claims,
      async take(code, terms) {
        const claim = await claims.take(code, terms);
        // The word comes over another connection, and may be read first.
        if (claim.run !== undefined) models.abandon(claim.run);
        return claim;
      },
    },
    room: createRoom(),
    process: async (_run, { signal }) => {
      seen.resolve(signal.reason);
      return { kind: 'done' };
    },
    events: createEvents(),
    concurrency: 1,
    lockTime: 30,
    name: 'worker',
  });
  await models.sync();
  t.teardown(() => models.stop(1000));
  await bull.submit();
  t.is(await seen.promise, 'abandoned');
});
