import path from 'node:path';
import test from 'ava';
import { createAutoscaler, type AutoscalerSpec, type Policy } from '../support/hpa/autoscaler.ts';
import { simulatePool, type PoolDay, type PoolOptions } from '../support/hpa/pool.ts';
import { environmentOf } from '../support/k8s/environment.ts';
import { renderKustomization } from '../support/k8s/kustomize.ts';
import { at, listAt, titleOf } from '../support/k8s/manifest.ts';
import { modelsOf } from '../support/k8s/models.ts';

const DAY_S = 86_400;
const SERVICE_S = 2;
const OBJECTIVE_S = 10;

/** The pool and its autoscaler as they are deployed. */
const objects = await renderKustomization(path.join(import.meta.dirname, '../../k8s/overlays/production'));
const scaler = objects.find((object) => titleOf(object) === 'HorizontalPodAutoscaler/worker-small') ?? {};
const pool = objects.find((object) => titleOf(object) === 'Deployment/worker-small') ?? {};
const workerConcurrency = Number(environmentOf(pool, objects)['INFERQ_WORKER_CONCURRENCY']);
const modelConcurrency = modelsOf(pool, objects)[0]?.concurrency ?? 0;
const spec: AutoscalerSpec = {
  minReplicas: Number(at(scaler, 'spec', 'minReplicas')),
  maxReplicas: Number(at(scaler, 'spec', 'maxReplicas')),
  scaleUp: readRules('scaleUp'),
  scaleDown: readRules('scaleDown'),
};

test('over a day the workers follow the load: the objective is held, little flaps, and nearly half the workers are saved', (t) => {
  const day = simulate({});
  t.log(tell(day));
  t.true(day.withinObjective > 0.995, tell(day));
  t.true(day.longestWait <= 45, tell(day));
  t.true(day.flaps <= 8, tell(day));
  t.true(mean(day.workers) < spec.maxReplicas * 0.55, tell(day));
  t.true(Math.max(...day.workers) > spec.minReplicas * 2, tell(day));
});

test('a fixed number of workers holds the objective only where it is the most that the day asks for', (t) => {
  const few = simulate({ autoscaler: undefined, workers: spec.minReplicas });
  t.true(few.withinObjective < 0.7, tell(few));
});

test('without the window and the policies for going down, the same day flaps', (t) => {
  const hasty: AutoscalerSpec = {
    ...spec,
    scaleDown: {
      stabilizationWindowSeconds: 0,
      policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
    },
  };
  const day = simulate({ autoscaler: createAutoscaler(hasty) });
  t.log(tell(day));
  t.true(day.flaps > 300, tell(day));
});

test('while the metrics are away, the workers stay', (t) => {
  const peak = DAY_S * 0.6;
  const blind = (now: number): boolean => now > peak && now < peak + 3600;
  const { workers } = simulate({ blind });
  t.is(new Set(workers.slice(peak + 30, peak + 3600)).size, 1);
});

test('the autoscaler leaves a tenth of tolerance, goes up at once and down by the largest wish of the window', (t) => {
  const four = createAutoscaler({ ...spec, minReplicas: 1, maxReplicas: 100 });
  t.is(four.decide(0, 4, wish(43)), 4);
  t.is(four.decide(15, 4, wish(45)), 5);
  const window = spec.scaleDown.stabilizationWindowSeconds;
  const burst = createAutoscaler({ ...spec, minReplicas: 1, maxReplicas: 100 });
  t.is(burst.decide(0, 2, wish(1000)), 6);
  t.is(burst.decide(15, 6, wish(1000)), 12);
  t.is(burst.decide(30, 12, wish(1000)), 24);
  t.is(burst.decide(45, 24, wish(10)), 24);
  t.is(burst.decide(30 + window - 1, 24, wish(10)), 24);
  t.is(burst.decide(30 + window + 1, 24, wish(10)), 21);
  t.is(burst.decide(30 + window + 16, 21, wish(10)), 21);
});

function wish(value: number): { value: number; target: number }[] {
  return [{ value, target: 10 }];
}

function simulate(changes: Partial<PoolOptions>): PoolDay {
  return simulatePool({
    arrivals: arrivalsOfADay(),
    autoscaler: createAutoscaler(spec),
    workers: spec.minReplicas,
    workerConcurrency,
    modelConcurrency,
    serviceTime: SERVICE_S,
    objective: OBJECTIVE_S,
    target: Number(at(listAt(scaler, 'spec', 'metrics')[0], 'external', 'target', 'averageValue')),
    ...changes,
  });
}

/** Quiet nights, a peak in the afternoon, noise, a surge of ten minutes and a batch of 3,000 jobs at night. */
function arrivalsOfADay(): number[] {
  let seed = 42;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  let drift = 0;
  return Array.from({ length: DAY_S }, (_, second) => {
    const daytime = Math.max(0, Math.sin((Math.PI * (second - DAY_S * 0.25)) / (DAY_S * 0.7)));
    drift = 0.999 * drift + (random() - 0.5) * 0.03;
    const surge = second > DAY_S * 0.65 && second < DAY_S * 0.65 + 600 ? 1.5 : 1;
    const batch = second === Math.round(DAY_S * 0.12) ? 3000 : 0;
    const load = (5 + 95 * daytime) * surge * Math.max(0.2, 1 + drift) * (0.5 + random());
    return Math.round(load) + batch;
  });
}

function readRules(direction: string): AutoscalerSpec['scaleUp'] {
  const rules = at(scaler, 'spec', 'behavior', direction);
  return {
    stabilizationWindowSeconds: Number(at(rules, 'stabilizationWindowSeconds')),
    policies: listAt(rules, 'policies').filter(isPolicy),
  };
}

function isPolicy(value: unknown): value is Policy {
  return typeof at(value, 'value') === 'number' && typeof at(value, 'periodSeconds') === 'number';
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function tell({ workers, withinObjective, longestWait, flaps }: PoolDay): string {
  const changes = workers.filter((count, index) => index > 0 && count !== workers[index - 1]).length;
  const within = (100 * withinObjective).toFixed(2);
  return `${within} % started within ${OBJECTIVE_S} s, the last after ${longestWait} s; ${mean(workers).toFixed(1)} workers on average, ${Math.max(...workers)} at most, ${changes} changes, ${flaps} of them back within ten minutes`;
}
