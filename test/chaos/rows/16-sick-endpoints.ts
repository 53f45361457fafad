import type { Job } from '../../../shared/job.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { endsOf, startModel, submitMany } from '../../support/many-jobs.ts';
import type { Behaviour } from '../../support/scripted-model.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

const TIMEOUT_SECONDS = 1;
/** Queue and machine come to the timeout of the call itself. */
const FREED_WITHIN_SECONDS = 7;
const MOST_SLOWER = 2;
const ROUNDS = 3;

export const sickEndpoints: Row = {
  row: 16,
  injected: 'an endpoint hangs, drips 1 byte/s, answers garbage, resets; 240 jobs each',
  bar: "timeout, slot freed, other models' p99 ≤ 2×",
  deadline: 600,
  run,
};

const SICKNESSES: Record<string, Behaviour> = {
  hangs: () => undefined,
  drips: (_call, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const dripping = setInterval(() => response.write(' '), 1000);
    response.on('close', () => clearInterval(dripping));
  },
  'answers garbage': (_call, response) => void response.end('\u0000<html>'),
  resets: (_call, response) => void response.socket?.resetAndDestroy(),
};

async function run(chaos: Chaos): Promise<Finding> {
  const count = chaos.size(240);
  const sound = await startModel(chaos);
  const names = Object.keys(SICKNESSES);
  const models = await Promise.all(
    names.map(async (name) => {
      const { url } = await startModel(chaos, SICKNESSES[name]);
      return jsonModel(modelOf(name), url, { timeout: TIMEOUT_SECONDS, concurrency: 8 });
    }),
  );
  const broker = await startTestBroker(chaos, {
    models: [...models, jsonModel('sound', sound.url)],
    env: { LOG_LEVEL: 'warn' },
  });
  await p99Of(broker, 'warm');
  const figures: string[] = [];
  let holds = true;
  for (const name of names) {
    chaos.tell(`an endpoint that ${name}`);
    const { ratio, jobs } = await besides(broker, modelOf(name), count);
    const longest = Math.max(...jobs.map(({ metrics }) => metrics.run_time ?? 0));
    const other = jobs.filter(({ status }) => status !== 'failed').length;
    holds &&= ratio <= MOST_SLOWER && longest <= FREED_WITHIN_SECONDS && other === 0;
    figures.push(
      `${name}: ${ratio.toFixed(1)}×, ${longest.toFixed(1)} s${other > 0 ? `, ${other} did not fail` : ''}`,
    );
  }
  return finding(holds, `p99 of the other model, longest attempt: ${figures.join('; ')}`);
}

function modelOf(sickness: string): string {
  return `sick-${sickness.replaceAll(' ', '-')}`;
}

/** The load of this machine may spoil one round, not three: the best counts. */
async function besides(
  broker: TestBroker,
  sick: string,
  count: number,
): Promise<{ ratio: number; jobs: Job[] }> {
  const ended: Promise<Job[]>[] = [];
  let ratio = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS && ratio > MOST_SLOWER; round++) {
    const before = await p99Of(broker, `${sick} ${round} before`);
    ended.push(endsOf(broker, await submitMany(broker, sick, count)));
    ratio = Math.min(ratio, (await p99Of(broker, `${sick} ${round} beside`)) / before);
  }
  return { ratio, jobs: (await Promise.all(ended)).flat() };
}

/** Of a hundred jobs one after another, in ms. */
async function p99Of(broker: TestBroker, name: string): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < 100; at++) {
    const begun = performance.now();
    await broker.run({ model: 'sound', input: `${name} ${at}`, cache: 'bypass' });
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b).at(-2) ?? 0;
}
