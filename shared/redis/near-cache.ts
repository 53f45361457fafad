import { LRUCache } from 'lru-cache';

/** The output of a run, which never changes. */
export interface NearOutput {
  run: string;
  output: string;
}

/**
 * Outputs that were lately given from the cache, kept in this process. Redis still says which run a cache key stands for
 * and whether its data are there, and takes the job in: only the output need not come from it again.
 */
export interface NearCache {
  find(cacheKey: string): NearOutput | undefined;
  keep(cacheKey: string, output: NearOutput): void;
}

/** In characters. */
const MOST = 16 * 1024 * 1024;
const LARGEST = 1024 * 1024;

/** Those that were not asked for the longest go first. */
export function createNearCache(): NearCache {
  const outputs = new LRUCache<string, NearOutput>({
    maxSize: MOST,
    maxEntrySize: LARGEST,
    sizeCalculation: ({ output }, key) => output.length + key.length,
  });
  return {
    find: (cacheKey) => outputs.get(cacheKey),
    keep: (cacheKey, output) => void outputs.set(cacheKey, output),
  };
}
