import { cacheKey } from '../../shared/cache-key.ts';
import type { Outcome } from '../../shared/ports.ts';
import type { Claim, Finish } from '../../shared/redis/claims.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import { newJobId } from '../../shared/redis/keys.ts';
import { createClaimWorld } from './claim-world.ts';

export interface Job {
  input: number;
  tenant: string;
  priority: 'low' | 'normal' | 'high';
  isBypass: boolean;
  isOwed: boolean;
  isWaited: boolean;
  expires: boolean;
}

export interface End {
  pick: number;
  outcome: 'succeeded' | 'failed' | 'handover' | 'putback';
  /** What has happened to the run meanwhile. */
  mishap: 'canceled' | 'lock lost' | 'taken over' | 'none';
  takesNext: boolean;
  starts: boolean;
}

export interface Turn {
  jobs: Job[];
  takes: number;
  ends: End[];
}

/** Answers what the store is left with, and what each end was answered. */
export async function play(
  connection: RedisConnection,
  history: readonly Turn[],
  limits: { concurrency: number; rate: number },
  now: number,
  isTogether: boolean,
): Promise<Record<string, unknown>> {
  const world = createClaimWorld(connection);
  const { world: jobs, bull } = world;
  const said: unknown[] = [];
  const held: { claim: Claim; token: string }[] = [];
  const names = new Map<string | undefined, string>();
  let tokens = 0;
  let ids = 0;

  function hold(claim: Claim | undefined, token: string): void {
    if (typeof claim?.started === 'object') held.push({ claim, token });
  }

  async function submit({
    input,
    tenant,
    priority,
    isBypass,
    isOwed,
    isWaited,
    expires,
  }: Job): Promise<void> {
    ids += 1;
    const id = newJobId(
      jobs.code,
      now,
      Uint8Array.from({ length: 16 }, (_, at) => (ids * (at + 3)) % 31),
    );
    const own = input === 0 ? { own: ids } : { shared: input };
    names.set(cacheKey(jobs.model, tenant, own), `KEY ${tenant} ${Object.entries(own).join(' ')}`);
    const { admission } = await jobs.submit({
      id,
      tenant,
      priority,
      input: own,
      mode: isBypass ? 'bypass' : 'use',
      ...(isWaited ? { waiter: 'replica' } : {}),
      ...(isOwed ? { webhook: { url: 'https://client.example/', events: ['succeeded'] } } : {}),
      ...(expires ? { ttl: 1000 } : {}),
    });
    if (admission.kind !== 'queued') return;
    await bull.queue.add(id, { priority: admission.priority, delayMs: 0 });
    if (expires) await jobs.runOut(id);
  }

  async function happen({ claim }: { claim: Claim }, mishap: End['mishap']): Promise<void> {
    if (typeof claim.started !== 'object') return;
    const { run, jobId } = claim.started;
    if (mishap === 'canceled') await jobs.store.leave(jobId, 'canceled');
    if (mishap === 'taken over') await jobs.store.start(run, 'another');
    if (mishap !== 'lock lost') return;
    await connection.set(`${jobs.prefix}jobs:${run}:lock`, 'of another', 'XX');
  }

  await connection.hset(
    `${jobs.prefix}jobs:meta`,
    ...(limits.concurrency ? ['concurrency', limits.concurrency] : []),
    ...(limits.rate ? ['max', limits.rate, 'duration', 3_600_000] : []),
    'version',
    'test',
  );
  for (const { jobs: submitted, takes, ends } of history) {
    for (const one of submitted) await submit(one);
    for (let count = 0; count < takes; count++) {
      const token = `token ${tokens++}`;
      hold(await world.take({ token }), token);
    }
    const ending = ends.flatMap((one) =>
      held.length > 0 ? held.splice(one.pick % held.length, 1).map((of) => ({ ...one, ...of })) : [],
    );
    for (const one of ending) await happen(one, one.mishap);
    const finish = ({ claim, token, outcome, takesNext, starts }: (typeof ending)[number]) =>
      world.finish(claim, { token, takesNext, starts, outcome: outcomeOf(outcome) });
    const finishes: Finish[] = [];
    if (isTogether) finishes.push(...(await Promise.all(ending.map(finish))));
    else for (const one of ending) finishes.push(await finish(one));
    for (const [index, { next }] of finishes.entries()) hold(next, ending[index]?.token ?? '');
    said.push(finishes);
  }
  await bull.close();
  const left: Record<string, unknown> = { said };
  for (const name of await jobs.keys())
    if (!/^jobs:(events|marker|id)$/.test(name)) left[name] = await read(connection, jobs.prefix + name);
  let text = JSON.stringify(left).replaceAll(jobs.code, 'CODE').replaceAll(jobs.model.name, 'MODEL');
  for (const [name = '', meaning] of names) text = text.replaceAll(name, meaning);
  return Object(JSON.parse(text));
}

function outcomeOf(kind: End['outcome']): Outcome {
  if (kind === 'succeeded')
    return { kind, output: '{"ok":true}', attempt: '[1,0,1,"succeeded"]', cacheTtlMs: 60_000 };
  if (kind === 'putback') return { kind, attempt: '[1,0,1,"succeeded"]', counts: true };
  return { kind, error: '{"error_type":"model_error"}', attempt: '[1,0,1,"succeeded"]' };
}

/** What a key holds, and minutes that it lives. */
async function read(connection: RedisConnection, key: string): Promise<unknown> {
  const type = await connection.type(key);
  const life = Math.ceil((await connection.pttl(key)) / 60_000);
  if (type === 'hash')
    return [
      life,
      Object.entries(await connection.hgetall(key))
        .map(String)
        .toSorted(),
    ];
  if (type === 'zset') {
    const pairs = await connection.zrange(key, '0', '-1', 'WITHSCORES');
    const members = pairs.filter((_, at) => at % 2 === 0);
    return [life, members.map((member, at) => `${member},${pairs[2 * at + 1]}`).toSorted()];
  }
  if (type === 'set') return [life, (await connection.smembers(key)).toSorted()];
  if (type === 'list') return [life, await connection.lrange(key, 0, -1)];
  if (type === 'stream') return [life, (await connection.xrange(key, '-', '+')).map(([, fields]) => fields)];
  return [life, await connection.get(key)];
}

/** Times differ, and what follows from them; and which run of several was the last one. */
export function masked(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll(/\b1[789]\d{11}\b/g, 'TIME')
    .replaceAll(/(\[\d+,TIME,)\d+/g, '$1MS')
    .replaceAll(/"isLast":true/g, '"isLast":false')
    .replaceAll(/"busy,[\d.]+"/g, '"busy,MS"')
    .replaceAll(/"(waitedMs|pauseMs)":\d+/g, '"$1":"MS"')
    .replaceAll(/"rate,([\d.]+)"/g, (_, rate: string) => `"rate,${Math.round(Number(rate))}"`);
}
