import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { Pool } from 'undici';
import { configuration, ready } from '../child.ts';

/** Bare BullMQ: a worker that makes the same call; where asked, it tells who waits by itself. */
const config = configuration();
const connection = new Redis(config.redisUrl, { maxRetriesPerRequest: null });
const pool = new Pool(config.endpoint);

const worker = new Worker(
  'bare',
  async (job) => {
    const answer = await pool.request({
      path: '/',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(job.data.input),
    });
    if (answer.statusCode !== 200) throw new Error(`the endpoint answered ${answer.statusCode}`);
    return answer.body.text();
  },
  { connection, concurrency: config.concurrency },
);
if (config.tells)
  worker.on('completed', (job, result) => void connection.publish('ended', `${job.id} ${String(result)}`));
await worker.waitUntilReady();
ready();
