import type { Job } from '../../../shared/job.ts';
import { jsonModel, startTestBroker, type TestBroker } from '../../support/broker.ts';
import { endsOf, startModel, submitMany } from '../../support/many-jobs.ts';
import { answer, type Behaviour } from '../../support/scripted-model.ts';
import { finding, type Chaos, type Finding, type Row } from '../row.ts';

const TIMEOUT_SECONDS = 1;
/** Queue and machine come to the timeout of the call itself. */
const FREED_WITHIN_SECONDS = 7;
const MOST_SLOWER = 2;
const ROUNDS = 3;
const HEALTHS = ['well', 'sick'] as const;

export const sickEndpoints: Row = {
  row: 16,
  injected: 'an endpoint hangs, drips 1 byte/s, answers garbage, resets; 240 jobs each',
  bar: "timeout, slot freed, other models' p99 ≤ 2× what it is beside the same jobs of an endpoint that is well",
  deadline: 600,
  run,
};

/** How an endpoint is sick, and one that takes as long and is well. */
interface Sickness {
  sick: Behaviour;
  well: Behaviour;
}

const slowly: Behaviour = (_call, response) =>
  void setTimeout(() => answer(response, 'well'), TIMEOUT_SECONDS * 900);
const atOnce: Behaviour = (_call, response) => answer(response, 'well');

const SICKNESSES: Record<string, Sickness> = {
  hangs: { sick: () => undefined, well: slowly },
  drips: {
    sick(_call, response) {
      response.writeHead(200, { 'content-type': 'application/json' });
      const dripping = setInterval(() => response.write(' '), 1000);
      response.on('close', () => clearInterval(dripping));
    },
    well: slowly,
  },
  'answers garbage': { sick: (_call, response) => void response.end('\u0000<html>'), well: atOnce },
  resets: { sick: (_call, response) => void response.socket?.resetAndDestroy(), well: atOnce },
};

async function run(chaos: Chaos): Promise<Finding> {
  const count = chaos.size(240);
  const sound = await startModel(chaos);
  const models = await Promise.all(
    Object.entries(SICKNESSES).flatMap(([name, behaviours]) =>
      HEALTHS.map(async (health) => {
        const { url } = await startModel(chaos, behaviours[health]);
        return jsonModel(modelOf(health, name), url, { timeout: TIMEOUT_SECONDS, concurrency: 8 });
      }),
    ),
  );
  const broker = await startTestBroker(chaos, {
    models: [...models, jsonModel('sound', sound.url)],
    env: { LOG_LEVEL: 'warn' },
  });
  await p99Of(broker, 'warm');
  const figures: string[] = [];
  let holds = true;
  for (const name of Object.keys(SICKNESSES)) {
    chaos.tell(`an endpoint that ${name}`);
    const { sick, well, jobs } = await compare(broker, name, count);
    const longest = Math.max(...jobs.map(({ metrics }) => metrics.run_time ?? 0));
    const other = jobs.filter(({ status }) => status !== 'failed').length;
    holds &&= sick <= MOST_SLOWER * well && longest <= FREED_WITHIN_SECONDS && other === 0;
    figures.push(
      `${name}: ${(sick / well).toFixed(1)}× (${sick.toFixed(0)} ms), ${longest.toFixed(1)} s${other > 0 ? `, ${other} did not fail` : ''}`,
    );
  }
  const alone = await p99Of(broker, 'alone');
  return finding(
    holds,
    `p99 of the other model (alone ${alone.toFixed(0)} ms), longest attempt: ${figures.join('; ')}`,
  );
}

function modelOf(health: keyof Sickness, name: string): string {
  return `${health}-${name.replaceAll(' ', '-')}`;
}

/** The p99 in ms, and the sick jobs. The load of this machine may spoil one round, not three: the best counts. */
async function compare(
  broker: TestBroker,
  name: string,
  count: number,
): Promise<Record<keyof Sickness, number> & { jobs: Job[] }> {
  const jobs: Job[] = [];
  let best = { sick: Number.POSITIVE_INFINITY, well: 1 };
  for (let round = 0; round < ROUNDS && best.sick > MOST_SLOWER * best.well; round++) {
    const well = await besides(broker, modelOf('well', name), round, count);
    const sick = await besides(broker, modelOf('sick', name), round, count);
    jobs.push(...sick.jobs);
    if (sick.p99 / well.p99 < best.sick / best.well) best = { sick: sick.p99, well: well.p99 };
  }
  return { ...best, jobs };
}

async function besides(
  broker: TestBroker,
  model: string,
  round: number,
  count: number,
): Promise<{ p99: number; jobs: Job[] }> {
  const ids = await submitMany(broker, model, count);
  const p99 = await p99Of(broker, `${model} ${round}`);
  return { p99, jobs: await endsOf(broker, ids) };
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
