import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { configuration, serve } from '../child.ts';
import { jobOf, tenantOf } from './checks.ts';

/** Bare BullMQ behind node:http: `/add` answers when the job is added, the other two when it has ended. */
const { redisUrl } = configuration();
const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
const queue = new Queue('bare', { connection });
const events = new QueueEvents('bare', { connection });
queue.setMaxListeners(0);
events.setMaxListeners(0);
const subscriber = new Redis(redisUrl);
const waiting = new Map<string, (result: string) => void>();
subscriber.on('message', (_channel, message) => {
  const at = message.indexOf(' ');
  waiting.get(message.slice(0, at))?.(message.slice(at + 1));
});
await subscriber.subscribe('ended');
await events.waitUntilReady();

async function handle(request: IncomingMessage): Promise<string> {
  const tenant = tenantOf(request);
  const { input } = await jobOf(request);
  const jobId = randomUUID();
  const ended = request.url === '/wake-up' && new Promise<string>((resolve) => waiting.set(jobId, resolve));
  const job = await queue.add('run', { tenant, input }, { jobId });
  if (request.url === '/events') return String(await job.waitUntilFinished(events));
  if (!ended) return JSON.stringify({ id: jobId });
  return ended.finally(() => waiting.delete(jobId));
}

serve(
  createServer((request, response) => {
    handle(request).then(
      (text) =>
        response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
          .end(text),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  }),
);
