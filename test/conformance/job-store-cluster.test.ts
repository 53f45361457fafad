import test from 'ava';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createJobWorld } from '../support/job-world.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { jobStoreSuite } from './suite/all.ts';

const cluster = await startRedisCluster();
const connection = connect(cluster.url, PATIENT);
// Before a hundred tests begin at once and it seems to take too long.
await connection.ping();
test.after.always(async () => {
  await connection.quit();
  await cluster.stop();
});

jobStoreSuite(test, (more) => createJobWorld(connection, more));
