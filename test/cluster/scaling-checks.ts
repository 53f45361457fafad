import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { Job } from '../../shared/job.ts';
import type { Cluster } from '../support/k8s/cluster.ts';
import { at, listAt, nameOf, isMap, textAt } from '../support/k8s/manifest.ts';
import { DELETION_COST } from './control-plane.ts';
import { MODEL, type World } from './world.ts';

/** Pods may have to be started by nodes that are busy. */
const PATIENCE_MS = 4 * 60_000;

export interface Scaled {
  world: World;
  cluster: Cluster;
  namespace: string;
}

/** The autoscaler asks the adapter through the API server, and pods come as the backlog grows. */
export async function backlogBringsWorkers(t: ExecutionContext, scaled: Scaled): Promise<void> {
  const { world } = scaled;
  await eventually('two workers, the least that there are', async () => (await world.pods()).length >= 2);
  const jobs: Job[] = [];
  // Autoscalers look every 15 s, unless somebody has set another time: the backlog is kept up until then.
  for (let batch = 0; batch < 6 && (await wanted(scaled)) < 3; batch++) {
    jobs.push(...(await submitMany(world, 160, 25)));
    await eventually('more workers wanted', async () => (await wanted(scaled)) >= 3, 25_000).catch(
      () => undefined,
    );
  }
  t.true(
    (await wanted(scaled)) >= 3,
    `the autoscaler wants ${await wanted(scaled)}: ${await conditions(scaled)}`,
  );
  await eventually('workers up', async () => (await world.pods()).length >= 3);
  await assertAllOnce(t, world, jobs);
}

/** Fewer workers in the middle of their jobs: each job is run once and to its end. */
export async function scaleDownLosesNothing(t: ExecutionContext, scaled: Scaled): Promise<void> {
  const { world, cluster, namespace } = scaled;
  const path = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/worker-small`;
  // It would take ten minutes to go down, and then take back what is set here.
  await cluster.request('DELETE', path);
  await scale(scaled, 3);
  await eventually('three workers', async () => (await world.pods()).length === 3);
  const jobs = await submitMany(world, 120, 12);
  await eventually('jobs that run', async () => (await running(world)) >= 100);
  await scale(scaled, 1);
  await eventually('one worker', async () => (await world.pods()).length === 1);
  await assertAllOnce(t, world, jobs);
  t.is((await world.pods()).length, 1);
}

/** The one that runs something stays, whichever it is. */
export async function theIdleGoFirst(t: ExecutionContext, scaled: Scaled): Promise<void> {
  const { world } = scaled;
  await scale(scaled, 3);
  await eventually('three workers', async () => (await world.pods()).length === 3);
  await eventually('all idle', async () => (await costs(scaled)).every(({ cost }) => cost === '0'));
  const jobs = await submitMany(world, 1, 20);
  await eventually('one that is busy', async () => (await costs(scaled)).some(({ cost }) => cost === '1'));
  const busy = (await costs(scaled)).find(({ cost }) => cost === '1')?.name ?? '';
  await scale(scaled, 1);
  await eventually('one worker', async () => (await world.pods()).length === 1);
  t.deepEqual(await world.pods(), [busy]);
  await assertAllOnce(t, world, jobs);
}

async function submitMany(world: World, count: number, seconds: number): Promise<Job[]> {
  return Promise.all(
    Array.from({ length: count }, (_, id) =>
      world.client.submit({ model: MODEL, input: { id, seconds, at: Math.random() } }),
    ),
  );
}

async function assertAllOnce(t: ExecutionContext, world: World, jobs: readonly Job[]): Promise<void> {
  const attempts = new Set<number>();
  for (const { id } of jobs) {
    const job = await ended(world, id);
    t.is(job.status, 'succeeded', JSON.stringify(job));
    attempts.add(job.metrics.attempts);
  }
  t.deepEqual([...attempts], [1], 'no attempt was lost, so no run was stalled');
  t.log(`${jobs.length} jobs ended, each after one attempt`);
}

export async function ended(world: World, id: string): Promise<Job> {
  for (;;) {
    const job = await world.client.job(id, '?wait=30');
    if (job.status !== 'queued' && job.status !== 'running') return job;
  }
}

async function running(world: World): Promise<number> {
  const { body } = await world.client.request(`/jobs?status=running&model=${MODEL}&limit=100`);
  return listAt(body, 'data').length;
}

async function wanted({ cluster, namespace }: Scaled): Promise<number> {
  const { body } = await cluster.request('GET', deployment(namespace));
  return Number(at(body, 'spec', 'replicas') ?? 0);
}

async function conditions({ cluster, namespace }: Scaled): Promise<string> {
  const path = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/worker-small`;
  const { body } = await cluster.request('GET', path);
  return JSON.stringify(at(body, 'status') ?? body);
}

async function scale({ cluster, namespace }: Scaled, replicas: number): Promise<void> {
  const { status, body } = await cluster.request('PATCH', `${deployment(namespace)}/scale`, {
    body: { spec: { replicas } },
    type: 'application/merge-patch+json',
  });
  if (status >= 300) throw new Error(`Scaling answered ${status}: ${textAt(body, 'message')}`);
}

async function costs({ cluster, namespace }: Scaled): Promise<{ name: string; cost: string }[]> {
  const query = 'labelSelector=inferq.dev/pool=small';
  const { body } = await cluster.request('GET', `/api/v1/namespaces/${namespace}/pods?${query}`);
  return listAt(body, 'items')
    .filter(isMap)
    .map((pod) => ({ name: nameOf(pod), cost: textAt(pod, 'metadata', 'annotations', DELETION_COST) }));
}

function deployment(namespace: string): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments/worker-small`;
}

/** Throws what did not come about. */
export async function eventually(
  what: string,
  check: () => Promise<boolean>,
  withinMs = PATIENCE_MS,
): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`Not within ${withinMs / 1000} s: ${what}`);
    await sleep(300);
  }
}
