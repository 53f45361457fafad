import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Redis } from 'ioredis';
import { configuration, serve } from '../child.ts';
import { cacheKeyOf, jobOf, tenantOf } from './checks.ts';

/** The floor of a submission: node:http by hand, the same checks, and one call of Redis. */
const { redisUrl } = configuration();
const redis = new Redis(redisUrl, { enableAutoPipelining: true });

redis.defineCommand('admit', {
  numberOfKeys: 3,
  lua: `
    local output = redis.call('GET', KEYS[2])
    redis.call('HSET', KEYS[1], 'tenant', ARGV[1], 'model', ARGV[2], 'status', output and 'succeeded' or 'queued',
      'created', ARGV[3], 'input', output and '' or ARGV[4])
    if not output then redis.call('LPUSH', KEYS[3], KEYS[1]) end
    return output`,
});

async function submit(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const tenant = tenantOf(request);
  const job = await jobOf(request);
  const id = `job_${randomUUID()}`;
  const created = new Date();
  const keys = [`job:${id}`, `cache:${cacheKeyOf(tenant, job)}`, `queue:${job.model}`];
  const output: string | null = await Reflect.apply(Reflect.get(redis, 'admit'), redis, [
    ...keys,
    tenant,
    job.model,
    created.getTime(),
    JSON.stringify(job.input),
  ]);
  const head = JSON.stringify({
    id,
    model: job.model,
    status: output ? 'succeeded' : 'queued',
    created_at: created.toISOString(),
    urls: { get: `/jobs/${id}`, cancel: `/jobs/${id}/cancel`, events: `/jobs/${id}/events` },
  });
  const text = `${head.slice(0, -1)},"output":${output ?? 'null'}}`;
  response.writeHead(output ? 200 : 202, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    location: `/jobs/${id}`,
  });
  response.end(text);
}

/** Puts a result where the next submissions find it. */
async function remember(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const tenant = tenantOf(request);
  const job = await jobOf(request);
  await redis.set(`cache:${cacheKeyOf(tenant, job)}`, JSON.stringify({ text: 'x'.repeat(1000) }));
  response.writeHead(200, { 'content-length': 0 }).end();
}

serve(
  createServer((request, response) => {
    const handle = request.url === '/cache' ? remember : submit;
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  }),
);
