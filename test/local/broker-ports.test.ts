import test from 'ava';
import { metricsPort } from '../../cli/local/broker-ports.ts';

test('the second listeners count from the port that is asked for, and keep off that of the API', async (t) => {
  t.deepEqual(await ports({ METRICS_PORT: '9000' }), ['9000', '9001']);
  t.deepEqual(await ports({ METRICS_PORT: '8079' }), ['8079', '0']);
  t.deepEqual(await ports({ METRICS_PORT: '9000', PORT: '9001' }), ['9000', '0']);
  // The roles say what is wrong with these.
  t.deepEqual(await ports({ METRICS_PORT: '9000', PORT: '9000' }), ['9000', '9001']);
  t.deepEqual(await ports({ METRICS_PORT: 'x' }), ['x', 'x']);
});

test('where no port is asked for, none is that of the API', async (t) => {
  t.is(await metricsPort({ PORT: '9464' }, 0), '0');
  t.is(await metricsPort({ PORT: '9465' }, 1), '0');
});

function ports(env: NodeJS.ProcessEnv): Promise<string[]> {
  return Promise.all([metricsPort(env, 0), metricsPort(env, 1)]);
}
