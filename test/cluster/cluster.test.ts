import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { openCluster, type Cluster } from '../support/k8s/cluster.ts';
import { lookAt, type Abilities } from './abilities.ts';
import { strangersAreTurnedAway, theClusterIsAnswered } from './adapter-checks.ts';
import { standBeside } from './beside-cluster.ts';
import { admitPods, confineWorkers, judgeOverlays, layFoundation, reviewAccess } from './control-plane.ts';
import { deployBroker } from './deployed-broker.ts';
import { modelsComeAndGo, slicesAreEndpoints, slicesAreLabelled } from './discovery-checks.ts';
import { backlogBringsWorkers, ended, scaleDownLosesNothing, theIdleGoFirst } from './scaling-checks.ts';
import { MODEL, type World } from './world.ts';

const TEST_MS = 15 * 60_000;
const GONE_WITHIN_MS = 2 * 60_000;
const cluster = openCluster(process.env['KUBECONFIG']);

if (cluster === undefined) test.skip('against a cluster: KUBECONFIG names none', (t) => t.pass());
else runAgainst(cluster, await lookAt(cluster, process.env['INFERQ_CLUSTER_IMAGE'] || undefined));

function runAgainst(cluster: Cluster, { lacks, image }: Abilities): void {
  const namespace = `inferq-test-${randomBytes(3).toString('hex')}`;
  const ends: (() => unknown)[] = [];
  const scope = { teardown: (end: () => unknown): void => void ends.unshift(end) };
  let made: Promise<World> | undefined;
  /** Made when it is first asked for; where that fails, each that asks is told. */
  const world = (): Promise<World> =>
    (made ??=
      image === undefined
        ? standBeside({ scope, cluster, namespace, lacks })
        : deployBroker({ scope, cluster, namespace, lacks }, image));

  test.serial.before(`a namespace of its own in ${cluster.name}`, async (t) => {
    t.timeout(TEST_MS);
    t.log(`namespace ${namespace}, ${image === undefined ? 'processes of this machine as pods' : image}`);
    await layFoundation(scope, cluster, namespace);
  });

  test.serial.after.always('all that was made is taken away', async (t) => {
    t.timeout(TEST_MS);
    for (const end of ends) await end();
    if (lacks.controllers === undefined) await untilGone(cluster, namespace);
    t.pass();
  });

  check('the API server takes every object of every overlay', undefined, (t) =>
    judgeOverlays(t, cluster, namespace),
  );
  check('pods are admitted as restricted, and one that may be root is not', undefined, (t) =>
    admitPods(t, cluster, namespace),
  );
  check('accounts can do what they must, and no more', undefined, (t) => reviewAccess(t, cluster, namespace));
  check('a worker changes the cost of its own pod, and nothing else', lacks.admissionPolicies, (t) =>
    confineWorkers(t, cluster, namespace),
  );
  check('the slices of a Service are its endpoints, where they are pods of its namespace', undefined, (t) =>
    slicesAreEndpoints(t, cluster, namespace),
  );
  check('the slices of a labelled Service have its label', lacks.controllers, (t) =>
    slicesAreLabelled(t, cluster, namespace),
  );
  check('a job runs', undefined, async (t) => {
    const broker = await world();
    const { id } = await broker.client.submit({ model: MODEL, input: { id: 1 } });
    t.like(await ended(broker, id), { status: 'succeeded', output: { done: 1 } });
  });
  check('models are found in Services, and go with them', undefined, async (t) =>
    modelsComeAndGo(t, { world: await world(), cluster, namespace }),
  );
  check('the metrics adapter answers nobody but the API server', lacks.metrics, async (t) => {
    const { adapter } = await world();
    if (adapter) await strangersAreTurnedAway(t, cluster, adapter);
  });
  check('the API server asks the adapter for those who may', lacks.metrics, async (t) => {
    if (await canAsk(t)) await theClusterIsAnswered(t, cluster, namespace);
  });
  check('a backlog brings workers', lacks.controllers ?? lacks.metrics, async (t) => {
    if (await canAsk(t)) await backlogBringsWorkers(t, { world: await world(), cluster, namespace });
  });
  check('workers that go in the middle of jobs lose none, and no attempt', lacks.controllers, async (t) =>
    scaleDownLosesNothing(t, { world: await world(), cluster, namespace }),
  );
  check('of several workers the idle go first', lacks.controllers ?? lacks.admissionPolicies, async (t) =>
    theIdleGoFirst(t, { world: await world(), cluster, namespace }),
  );

  /** That the API server has no way to this machine is known only when it has tried. */
  async function canAsk(t: ExecutionContext): Promise<boolean> {
    const { metricsFault } = await world();
    if (metricsFault === undefined) return true;
    t.log(`not checked: ${metricsFault}`);
    t.pass();
    return false;
  }
}

/** A check, or one line that says what the cluster lacks for it. */
function check(
  title: string,
  lack: string | undefined,
  implementation: (t: ExecutionContext) => Promise<void>,
): void {
  if (lack !== undefined) return test.serial.skip(`${title}: not checked, ${lack}`, implementation);
  test.serial(title, async (t) => {
    t.timeout(TEST_MS);
    await implementation(t);
  });
}

async function untilGone(cluster: Cluster, namespace: string): Promise<void> {
  for (const end = Date.now() + GONE_WITHIN_MS; Date.now() < end; await sleep(500)) {
    const { status } = await cluster.request('GET', `/api/v1/namespaces/${namespace}`);
    if (status === 404) return;
  }
  throw new Error(`The namespace ${namespace} is still there.`);
}
