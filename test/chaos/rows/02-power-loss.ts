import { setTimeout as sleep } from 'node:timers/promises';
import { jsonModel, startTestBroker } from '../../support/broker.ts';
import { startModel } from '../../support/many-jobs.ts';
import { check, describeFaults } from '../checker.ts';
import { endsOf, submitMany } from '../client.ts';
import { startKeptRedis } from '../kept-redis.ts';
import { aofSize, losePower } from '../power-loss.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';
import { findTracer, ONE_AOF, tracedRedis } from '../traced-redis.ts';

export const powerLoss: Row = {
  row: 2,
  injected: 'power loss under load (AOF cut to what was fsynced), 20 times',
  bar: '0 acknowledged jobs lost',
  deadline: 900,
  run,
};

async function run(chaos: Chaos): Promise<Finding> {
  const tracer = await findTracer();
  if (!tracer) return { figure: 'no strace to see the flushes by', verdict: 'skipped' };
  const times = chaos.size(20);
  const kept = await losePowerOften(chaos, tracer, times, 'always');
  // That the cut bites is seen where Redis flushes once a second: there it has to lose some.
  const control = await losePowerOften(chaos, tracer, Math.max(1, Math.round(times / 5)), 'everysec');
  const share = ((100 * control.lost) / control.acknowledged).toFixed(0);
  return finding(
    kept.lost === 0 && kept.wrong === '' && control.lost > 0,
    `${times} times, ${kept.cut} bytes cut: ${kept.lost} of ${kept.acknowledged} lost${kept.wrong && `, ${kept.wrong}`}; ` +
      `for comparison, with \`everysec\` ${share} % of ${control.acknowledged} lost`,
  );
}

interface Losses {
  acknowledged: number;
  lost: number;
  wrong: string;
  cut: number;
}

async function losePowerOften(
  chaos: Chaos,
  tracer: NonNullable<Awaited<ReturnType<typeof findTracer>>>,
  times: number,
  appendfsync: 'always' | 'everysec',
): Promise<Losses> {
  const redis = await startKeptRedis(chaos, { ...ONE_AOF, appendfsync });
  const model = await startModel(chaos);
  const broker = await startTestBroker(chaos, {
    models: [jsonModel('m', model.url, { retry: { attempts: 5, backoff: 0.1 } })],
    redis: redis.process(),
    env: { LOG_LEVEL: 'warn', INFERQ_LOCK_TIME: '3' },
  });
  const acknowledged: { key: string; id: string }[] = [];
  let cut = 0;
  for (let round = 0; round < times; round++) {
    chaos.tell(`${appendfsync}: power loss ${round + 1} of ${times}, ${acknowledged.length} accepted so far`);
    await redis.kill();
    const before = await aofSize(redis);
    await redis.start(await tracedRedis({ tracer, dir: redis.dir }));
    const load = submitMany({
      api: () => broker.url,
      keys: `round ${round}, job`,
      // Half of them wait in the queue when it happens.
      job: (input) => ({ model: 'm', input, cache: 'bypass', delay: input % 2 === 0 ? 0 : 1 }),
      lanes: 8,
    });
    // Where Redis has just come back the first are accepted a moment later.
    while (load.acknowledged.length < 20) await sleep(50);
    await sleep(500 + chaos.random() * 1500);
    const stopped = load.stop();
    cut += await losePower(redis, before);
    await stopped;
    await redis.start();
    acknowledged.push(...load.acknowledged);
  }
  const ids = acknowledged.map(({ id }) => id);
  const { lost, ...others } = check({
    acknowledged,
    jobs: await endsOf(broker.url, ids, 60_000),
    heard: undefined,
  });
  return { acknowledged: ids.length, lost: lost.length, wrong: describeFaults(others), cut };
}
