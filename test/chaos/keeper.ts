import type { RoleProcess } from '../../cli/local/role-process.ts';
import type { TestBroker } from '../support/broker.ts';

/** Workers of a broker that are killed, and others that take their place, as an orchestrator does. */
export interface Keeper {
  /** Kills one, chosen by a number in [0, 1), and starts another. */
  killOne(chance: number): Promise<void>;
}

export function keepWorkers(broker: TestBroker, env: Record<string, string> = {}): Keeper {
  const workers: RoleProcess[] = [...broker.workers];
  return {
    async killOne(chance) {
      const at = Math.floor(chance * workers.length);
      const [killed] = workers.splice(at, 1);
      killed?.kill();
      workers.push(await broker.startWorker(env));
    },
  };
}
