import type { Registry } from '../models/registry.ts';
import type { RedisConnection } from '../redis/connection.ts';
import { createLoadReader, type ModelLoad } from '../redis/loads.ts';
import { createModelSpeeds, type Flow } from '../redis/model-speeds.ts';
import { desiredWorkers } from './desired-workers.ts';
import type { ScalingGoals } from './scaling-goals.ts';

/** What a scaler goes by. While a model is paused, what waits is no reason for workers. */
export interface ScalingNumbers {
  outstanding_jobs: number;
  desired_workers: number;
  oldest_wait_seconds: number;
}

/** By the model's name, all that are served; throws while Redis is away: a zero would be a lie that ends workers. */
export type ScalingReader = () => Promise<ReadonlyMap<string, ScalingNumbers>>;

export interface ScalingParts {
  redis: RedisConnection;
  registry: Registry;
  goals: ScalingGoals;
  now: () => number;
}

export function createScalingReader({ redis, registry, goals, now }: ScalingParts): ScalingReader {
  const loads = createLoadReader(redis, registry);
  const speeds = createModelSpeeds(redis);

  async function flowOf(name: string): Promise<Flow> {
    const versions = registry.list().filter(({ spec }) => spec.name === name);
    const flows = await Promise.all(versions.map(({ code, spec }) => speeds.flow(code, spec.version, now())));
    return joined(flows);
  }

  /** As BullMQ is told by the workers: what the loosest version allows. */
  function mostOf(name: string): number {
    const specs = registry.list().flatMap(({ spec }) => (spec.name === name ? [spec] : []));
    const size = Math.max(1, ...specs.map(({ batch }) => batch?.max_size ?? 1));
    return size * Math.max(1, ...specs.map(({ concurrency }) => concurrency));
  }

  function numbersOf(name: string, load: ModelLoad, flow: Flow): ScalingNumbers {
    const outstanding = load.paused ? load.running : load.outstanding;
    const demand = { ...flow, running: load.running, waiting: Math.max(0, outstanding - load.running) };
    const goal = { wait: goals.wait(name), perWorker: goals.perWorker(name), most: mostOf(name) };
    return {
      outstanding_jobs: outstanding,
      desired_workers: desiredWorkers(demand, goal),
      oldest_wait_seconds: load.oldest_wait ?? 0,
    };
  }

  return async () => {
    const { models } = await loads();
    const numbers = [...models].map(
      async ([name, load]) => [name, numbersOf(name, load, await flowOf(name))] as const,
    );
    return new Map(await Promise.all(numbers));
  };
}

/** The versions of a model share its workers. */
function joined(flows: readonly Flow[]): Flow {
  const rate = flows.reduce((sum, flow) => sum + flow.rate, 0);
  const busy = flows.reduce((sum, flow) => sum + flow.rate * (flow.runTime ?? 0), 0);
  return { rate, runTime: rate === 0 ? null : busy / rate };
}
