import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { openCluster, type Cluster } from '../support/k8s/cluster.ts';
import { at } from '../support/k8s/manifest.ts';
import {
  admitPods,
  confineWorkers,
  judgeOverlays,
  layFoundation,
  overlay,
  reviewAccess,
} from './control-plane.ts';
import { deployBroker, hasNodes } from './deployed-broker.ts';

const IMAGE = process.env['INFERQ_CLUSTER_IMAGE'] ?? 'inferq:0.1.0';
const cluster = openCluster(process.env['KUBECONFIG']);

if (cluster === undefined) test.skip('against a cluster: KUBECONFIG names none', (t) => t.pass());
else runAgainst(cluster, await hasNodes(cluster));

function runAgainst(cluster: Cluster, canRun: boolean): void {
  const withPods = canRun ? test.serial : test.serial.skip;

  test.before(`nobody uses the namespace inferq of ${cluster.name}`, async (t) => {
    const { status } = await cluster.request('GET', '/api/v1/namespaces/inferq');
    if (status !== 404)
      throw new Error('The cluster has a namespace inferq: these checks would change what is in it.');
    t.pass();
  });

  test.serial(
    'the API server takes every object, pods are admitted as restricted, accounts can do what they must',
    async (t) => {
      t.timeout(5 * 60_000);
      const takeAway = await layFoundation(cluster, await overlay('multi-cluster'));
      t.teardown(async () => {
        await takeAway();
        await untilGone(cluster);
      });
      await judgeOverlays(t, cluster);
      await admitPods(t, cluster);
      await reviewAccess(t, cluster);
      await confineWorkers(t, cluster);
    },
  );

  withPods('a job runs; workers that go while they run jobs lose none, and spend no attempt', async (t) => {
    t.timeout(20 * 60_000);
    const broker = await deployBroker(t, cluster, IMAGE);
    const first = await broker.job(await broker.submit({ id: 0 }));
    t.is(at(first, 'status'), 'succeeded');
    t.deepEqual(at(first, 'output'), { done: 0 });

    await broker.scale('worker-small', 3);
    while ((await broker.readyReplicas('worker-small')) < 3) await sleep(1000);
    // Longer than it takes to be told to stop, shorter than the drain.
    const ids = await Promise.all(Array.from({ length: 150 }, (_, id) => broker.submit({ id, seconds: 15 })));
    await broker.scale('worker-small', 1);
    await assertAllOnce(t, await Promise.all(ids.map((id) => broker.job(id))));
    t.is(await broker.readyReplicas('worker-small'), 1);
  });
}

async function assertAllOnce(t: ExecutionContext, jobs: unknown[]): Promise<void> {
  for (const job of jobs) {
    t.is(at(job, 'status'), 'succeeded', JSON.stringify(job));
    t.is(at(job, 'metrics', 'attempts'), 1, 'no attempt was lost');
  }
}

async function untilGone(cluster: Cluster): Promise<void> {
  for (let left = 120; left > 0; left--) {
    const { status } = await cluster.request('GET', '/api/v1/namespaces/inferq');
    if (status === 404) return;
    await sleep(1000);
  }
}
