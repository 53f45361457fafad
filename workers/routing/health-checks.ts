import { request } from 'undici';
import { endpointId } from '../../shared/endpoint-name.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Endpoint, ModelSpec } from '../../shared/model.ts';
import type { Model, Registry } from '../../shared/models/registry.ts';
import { addressOf } from '../endpoint-address.ts';
import type { Router } from './router.ts';

type Health = NonNullable<ModelSpec['health']>;

interface Check {
  timer: NodeJS.Timeout;
  failures: number;
}

export interface HealthChecksParts {
  registry: Registry;
  router: Router;
  /** Epoch ms. */
  now: () => number;
  random: () => number;
}

/** One failure may be chance. */
const OUT_AFTER = 2;

/**
 * Asks the endpoints of models that have `health` by GET whether they are well. One that is not is out of order
 * before a job has found out; one that is again is tried at once.
 */
export function createHealthChecks({ registry, router, now, random }: HealthChecksParts) {
  const checks = new Map<string, Check>();

  function begin(key: string, model: Model, endpoint: Endpoint, health: Health, failures: number): void {
    const next = (before: number): void => {
      // Jittered, so that workers that started together do not ask together.
      const pause = health.interval * 1000 * (0.9 + random() * 0.2);
      checks.set(key, { failures: before, timer: setTimeout(() => void check(before), pause) });
    };
    const check = async (before: number): Promise<void> => {
      const fault = await faultOf(endpoint, health);
      if (!checks.has(key)) return;
      const count = fault === undefined ? 0 : before + 1;
      tell(model, endpoint, health, fault, count);
      next(count);
    };
    next(failures);
  }

  function tell(
    model: Model,
    { url }: Endpoint,
    health: Health,
    fault: string | undefined,
    count: number,
  ): void {
    const state = router.statesOf(model).find(({ id }) => id === endpointId(url));
    if (fault === undefined) state?.probeNow();
    else if (count >= OUT_AFTER) state?.hold(now() + 2000 * (health.interval + health.timeout), fault);
  }

  function stop(): void {
    for (const { timer } of checks.values()) clearTimeout(timer);
    checks.clear();
  }

  return {
    /** Checks what the registry says, from now on. */
    sync(): void {
      const failures = new Map([...checks].map(([key, check]) => [key, check.failures]));
      stop();
      for (const model of registry.list()) {
        const { health, endpoints } = model.spec;
        if (!health) continue;
        for (const endpoint of endpoints) {
          const key = `${model.code} ${endpointId(endpoint.url)}`;
          if (!checks.has(key)) begin(key, model, endpoint, health, failures.get(key) ?? 0);
        }
      }
    },
    stop,
  };
}

/** What is wrong with an endpoint, without secrets; undefined where it answers with 2xx. */
async function faultOf(endpoint: Endpoint, { path, timeout }: Health): Promise<string | undefined> {
  const { origin, headers } = addressOf(endpoint);
  const where = `The health check of ${origin}${path.split('?', 1)[0]}`;
  try {
    const signal = AbortSignal.timeout(timeout * 1000);
    const { statusCode, body } = await request(origin + path, { headers, signal });
    await body.dump();
    return statusCode >= 200 && statusCode < 300 ? undefined : `${where} was answered ${statusCode}.`;
  } catch (thrown) {
    return `${where} failed: ${messageOf(thrown)}.`;
  }
}
