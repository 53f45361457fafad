import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { openKubeConfig } from '../../shared/kubernetes/kube-config.ts';
import { createKeptList } from '../../shared/kubernetes/kept-list.ts';
import { COLLECTIONS, startFakeKubernetes, type FakeKubernetes } from '../support/fake-kubernetes.ts';
import { service } from '../support/kube-objects.ts';

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}

async function watchServices(t: ExecutionContext, cluster: FakeKubernetes, timeoutMs?: number) {
  t.timeout(120_000);
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-kube-'));
  const file = path.join(folder, 'config');
  await writeFile(file, cluster.kubeconfig);
  const faults: unknown[] = [];
  let changes = 0;
  const list = createKeptList({
    config: () => openKubeConfig(file),
    path: COLLECTIONS.services,
    selector: 'inferq.dev/model=true',
    now: () => performance.now(),
    random: () => 0,
    onChange: () => void changes++,
    onFault: (error) => faults.push(error),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  t.teardown(async () => {
    list.stop();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const names = (): string =>
    list
      .items()
      .map(({ metadata }) => metadata?.name)
      .join();
  return { list, names, faults, changes: () => changes };
}

test('what is there, added, changed and removed is kept; what has no label is not', async (t) => {
  const cluster = await startFakeKubernetes();
  cluster.set('services', service('a'));
  cluster.set('services', { metadata: { name: 'other', namespace: 'team' } });
  const { list, names } = await watchServices(t, cluster);
  list.start();
  await until(() => names() === 'a');
  cluster.set('services', service('b'));
  await until(() => names() === 'a,b');
  cluster.set('services', { ...service('b'), spec: { changed: true } });
  await until(() => JSON.stringify(list.items()).includes('"changed":true'));
  cluster.remove('services', 'team', 'a');
  await until(() => names() === 'b');
  t.is(list.failingSince(), undefined);
});

test('after 410 in a watch all is listed anew, also what was removed meanwhile', async (t) => {
  const cluster = await startFakeKubernetes();
  cluster.set('services', service('a'));
  cluster.set('services', service('b'));
  const { list, names, faults } = await watchServices(t, cluster);
  list.start();
  await until(() => names() === 'a,b' && cluster.openWatches('services') === 1);
  cluster.forget();
  await until(() => cluster.openWatches('services') === 0);
  cluster.remove('services', 'team', 'a');
  cluster.set('services', service('c'));
  await until(() => names() === 'b,c');
  t.deepEqual(faults, []);
});

test('a cluster that goes away leaves what was known, says since when, and is heard again when it is back', async (t) => {
  const cluster = await startFakeKubernetes();
  cluster.set('services', service('a'));
  const { list, names, faults } = await watchServices(t, cluster);
  list.start();
  await until(() => names() === 'a' && cluster.openWatches('services') === 1);
  await cluster.down();
  await until(() => list.failingSince() !== undefined);
  cluster.set('services', service('b'));
  t.is(names(), 'a');
  t.true(faults.length > 0);
  await cluster.up();
  await until(() => names() === 'a,b');
  t.is(list.failingSince(), undefined);
  await until(() => cluster.openWatches('services') === 1);
  cluster.set('services', service('c'));
  await until(() => names() === 'a,b,c');
  t.is(cluster.openWatches('services'), 1, 'there is one informer and no other');
});

test('a connection that breaks in the middle of a line, and one that is refused, are made again', async (t) => {
  const cluster = await startFakeKubernetes();
  const { list, names } = await watchServices(t, cluster);
  list.start();
  await until(() => cluster.openWatches('services') === 1);
  cluster.behaviour.watchStatus = 500;
  cluster.cut();
  await until(() => list.failingSince() !== undefined);
  cluster.set('services', service('a'));
  await until(() => names() === 'a');
  cluster.behaviour.watchStatus = 0;
  cluster.set('services', service('b'));
  await until(() => names() === 'a,b' && cluster.openWatches('services') === 1);
  t.pass();
});

test('a cluster that takes connections and says nothing is not heard', async (t) => {
  const cluster = await startFakeKubernetes();
  cluster.set('services', service('a'));
  const { list, names, faults } = await watchServices(t, cluster, 500);
  list.start();
  await until(() => names() === 'a' && cluster.openWatches('services') === 1);
  cluster.endWatches();
  await until(() => cluster.requests.length === 3 && cluster.openWatches('services') === 1);
  t.deepEqual(faults, [], 'the end of a watch is none');
  cluster.behaviour.hangs = true;
  cluster.endWatches();
  await until(() => list.failingSince() !== undefined);
  cluster.behaviour.hangs = false;
  cluster.set('services', service('b'));
  await until(() => names() === 'a,b');
  t.is(list.failingSince(), undefined);
});

test('started twice it watches once, and a list that is answered after the end changes nothing', async (t) => {
  const cluster = await startFakeKubernetes();
  cluster.set('services', service('a'));
  const { list, names, changes } = await watchServices(t, cluster);
  list.start();
  list.start();
  await until(() => cluster.openWatches('services') > 0);
  t.is(cluster.openWatches('services'), 1);
  t.is(cluster.requests.length, 2, 'one list and one watch');
  list.stop();
  await until(() => cluster.openWatches('services') === 0);
  const before = changes();
  cluster.behaviour.listDelayMs = 300;
  list.start();
  await until(() => cluster.requests.length === 3);
  cluster.set('services', service('b'));
  list.stop();
  cluster.behaviour.listDelayMs = 0;
  list.start();
  await until(() => names() === 'a,b');
  await sleep(500);
  t.is(names(), 'a,b', 'the old answer, of before b, is not heard');
  t.is(cluster.openWatches('services'), 1);
  t.true(changes() > before);
});

test('a kind that the cluster does not have is no fault', async (t) => {
  const cluster = await startFakeKubernetes(['pods']);
  const { list, faults } = await watchServices(t, cluster);
  list.start();
  await until(() => list.isKnown());
  t.is(list.failingSince(), undefined);
  t.deepEqual(faults, []);
  t.deepEqual(list.items(), []);
});
