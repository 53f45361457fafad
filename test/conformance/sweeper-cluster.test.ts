import test from 'ava';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { sweeping } from './suite/sweeping.ts';
import { unserved } from './suite/unserved.ts';

const cluster = await startRedisCluster();
const connection = connect(cluster.url, PATIENT);
test.after.always(async () => {
  await connection.quit();
  await cluster.stop();
});

sweeping(test, connection);
unserved(test, connection);
