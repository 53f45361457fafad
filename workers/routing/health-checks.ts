import { isDeepStrictEqual } from 'node:util';
import { request } from 'undici';
import { endpointId } from '../../shared/endpoint-name.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Endpoint, ModelSpec } from '../../shared/model.ts';
import type { Model, Registry } from '../../shared/models/registry.ts';
import { addressOf } from '../endpoint-address.ts';
import type { Router } from './router.ts';

type Health = NonNullable<ModelSpec['health']>;

interface Check {
  model: Model;
  endpoint: Endpoint;
  health: Health;
  failures: number;
  timer?: NodeJS.Timeout;
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

  function begin(key: string, check: Check): void {
    const next = (): void => {
      // Jittered, so that workers that started together do not ask together.
      const pause = check.health.interval * 1000 * (0.9 + random() * 0.2);
      check.timer = setTimeout(() => void ask(), pause);
    };
    const ask = async (): Promise<void> => {
      const fault = await faultOf(check.endpoint, check.health);
      // Another one may stand there by now, with what the registry says since.
      if (checks.get(key) !== check) return;
      check.failures = fault === undefined ? 0 : check.failures + 1;
      tell(check, fault);
      next();
    };
    checks.set(key, check);
    next();
  }

  function tell({ model, endpoint, health, failures }: Check, fault: string | undefined): void {
    const state = router.statesOf(model).find(({ id }) => id === endpointId(endpoint.url));
    if (fault === undefined) state?.probeNow();
    else if (failures >= OUT_AFTER) state?.hold(now() + 2000 * (health.interval + health.timeout), fault);
  }

  function end(key: string): void {
    clearTimeout(checks.get(key)?.timer);
    checks.delete(key);
  }

  /** By endpoint; versions of a model that share one share its check. */
  function wantedChecks(): Map<string, Check> {
    const wanted = new Map<string, Check>();
    for (const model of registry.list()) {
      const { health, endpoints } = model.spec;
      if (!health) continue;
      for (const endpoint of endpoints) {
        const key = `${model.code} ${endpointId(endpoint.url)}`;
        if (!wanted.has(key)) wanted.set(key, { model, endpoint, health, failures: 0 });
      }
    }
    return wanted;
  }

  return {
    /** Checks what the registry says, from now on. What stays as it was goes on as it is. */
    sync(): void {
      const wanted = wantedChecks();
      for (const key of checks.keys()) if (!wanted.has(key)) end(key);
      for (const [key, check] of wanted) {
        const before = checks.get(key);
        if (before && isSame(before, check)) {
          before.model = check.model;
          continue;
        }
        end(key);
        begin(key, { ...check, failures: before?.failures ?? 0 });
      }
    },
    stop(): void {
      for (const key of checks.keys()) end(key);
    },
  };
}

function isSame(one: Check, other: Check): boolean {
  return isDeepStrictEqual([one.endpoint, one.health], [other.endpoint, other.health]);
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
