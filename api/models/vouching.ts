import { setTimeout as sleep } from 'node:timers/promises';
import type { Registry } from '../../shared/models/registry.ts';
import type { KnownCodes } from '../../shared/redis/known-codes.ts';
import type { UnservedModels } from '../../shared/redis/unserved-models.ts';

const EVERY_MS = 5000;

export interface VouchingParts {
  registry: Registry;
  knownCodes: KnownCodes;
  unserved: UnservedModels;
  onError: (error: unknown) => void;
}

/**
 * Says every few seconds which models this API takes jobs for: those wait until a worker comes that serves the model,
 * however long that takes. Workers look after all that were ever accepted, be it for a model that none of them knows.
 */
export function createVouching({ registry, knownCodes, unserved, onError }: VouchingParts) {
  const stopping = new AbortController();
  let vouching = Promise.resolve();

  async function vouch(): Promise<void> {
    while (!stopping.signal.aborted) {
      const open = registry.list().filter(({ draining }) => !draining);
      await Promise.all([unserved.vouch(new Set(open.map(({ code }) => code))).catch(onError), learn()]);
      await sleep(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  function learn(): Promise<void> {
    return knownCodes.add(registry.list().map(({ spec }) => spec)).catch(onError);
  }

  return {
    async start(): Promise<void> {
      await learn();
      registry.onChange(() => void learn());
      vouching = vouch();
    },
    async stop(): Promise<void> {
      stopping.abort();
      await vouching;
    },
  };
}
