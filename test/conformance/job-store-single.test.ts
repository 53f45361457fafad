import test from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createJobWorld } from '../support/job-world.ts';
import { jobStoreSuite } from './suite/all.ts';

const redis = await startTemporaryRedis();
const connection = connect(redis.url, PATIENT);
// Before a hundred tests begin at once and it seems to take too long.
await connection.ping();
test.after.always(async () => {
  await connection.quit();
  await redis.stop();
});

jobStoreSuite(test, (more) => createJobWorld(connection, more));
