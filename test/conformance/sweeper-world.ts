import type { ExecutionContext } from 'ava';
import { Queue, Worker, type Processor, type WorkerOptions } from 'bullmq';
import { createAccounts } from '../../shared/redis/accounts.ts';
import { createCharges } from '../../shared/redis/charges.ts';
import {
  createDeliveryQueue,
  DELIVERY_QUEUE,
  type QueuedDelivery,
} from '../../shared/redis/delivery-queue.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import { createOutbox } from '../../shared/redis/outbox.ts';
import { createSweeper } from '../../shared/redis/sweeper.ts';
import { createWorkQueue, QUEUE_NAME, queuePrefix } from '../../shared/redis/work-queue.ts';
import { createJobWorld, type JobWorld, type SubmitOptions } from '../support/job-world.ts';

export const WEBHOOK = {
  url: 'https://example.org/hook',
  events: ['succeeded', 'failed', 'expired'],
} as const;

/** A world with a sweeper over real BullMQ queues. Faults that the sweeper tells of are kept. */
export function createSweeperWorld(t: ExecutionContext, connection: RedisConnection, more = '') {
  const world = createJobWorld(connection, more);
  const queue = createWorkQueue(connection, raise);
  const deliveryQueue = createDeliveryQueue(connection, raise);
  const outbox = createOutbox(connection, deliveryQueue);
  const runs = new Queue(QUEUE_NAME, { prefix: queuePrefix(world.code), connection, skipVersionCheck: true });
  const deliveries = new Queue<QueuedDelivery>(DELIVERY_QUEUE.name, {
    ...DELIVERY_QUEUE,
    connection,
    skipVersionCheck: true,
  });
  const faults: unknown[] = [];
  const keep = (error: unknown): void => void faults.push(error);
  const sweeper = sweeperOf([world.code], world.code);
  const workers: Worker[] = [];
  t.teardown(async () => {
    await sweeper.stop();
    await Promise.all(workers.map((worker) => worker.close(true)));
    await Promise.all([queue, deliveryQueue, runs, deliveries].map((queue) => queue.close()));
  });

  function sweeperOf(codes: string[], name: string) {
    const { store } = world;
    return createSweeper({
      redis: connection,
      store,
      queue,
      outbox,
      charges: createCharges(connection, createAccounts(connection)),
      codes: () => codes,
      name,
      onError: keep,
    });
  }

  /** Admits a job and hands it to BullMQ. */
  async function submit(options: SubmitOptions = {}): Promise<string> {
    const { id, admission } = await world.submit(options);
    const priority = admission.kind === 'queued' ? admission.priority : 1;
    await queue.add(id, { priority, delayMs: Math.round((options.delay ?? 0) * 1000) });
    return id;
  }

  /** Lets the time of the sweeper's next look come, for all runs. */
  async function lookNow(): Promise<void> {
    const key = `${world.prefix}runs`;
    for (const run of await connection.zrange(key, '0', '-1')) await connection.zadd(key, 'XX', 0, run);
  }

  /** A worker of BullMQ that goes with the test. */
  function work(process: Processor | undefined, options: Partial<WorkerOptions> = {}): Worker {
    const prefix = queuePrefix(world.code);
    const worker = new Worker(QUEUE_NAME, process, {
      prefix,
      connection,
      skipVersionCheck: true,
      ...options,
    });
    worker.on('error', keep);
    workers.push(worker);
    return worker;
  }

  const statusOf = (id: string) => world.status(id);
  const known = async (run: string): Promise<string | undefined> => (await runs.getJob(run))?.getState();

  return {
    world,
    queue,
    runs,
    deliveries,
    faults,
    sweeper,
    sweeperOf,
    submit,
    lookNow,
    work,
    statusOf,
    known,
  };
}

export async function pendingOutbox({ connection, prefix }: JobWorld): Promise<number> {
  return connection.zcard(`${prefix}outbox`);
}

function raise(error: Error): never {
  throw error;
}
