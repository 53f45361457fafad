import type { Events } from '../events.ts';
import { modelCode } from '../redis/keys.ts';
import { happeningField, speedBucket, type ModelSpeeds } from '../redis/model-speeds.ts';

const WRITE_EVERY_MS = 1000;

/**
 * Counts how long jobs waited and ran, and how many ended, failed or came from the cache, and writes it once a second;
 * nothing is done while nothing happens.
 */
export function createSpeedometer(events: Events, speeds: ModelSpeeds, onError: (error: unknown) => void) {
  let counts = new Map<string, Map<string, number>>();
  let timer: NodeJS.Timeout | undefined;

  function count(model: string, version: string, bucket: string): void {
    const key = `${model}@${version}`;
    const ofModel = counts.get(key) ?? new Map<string, number>();
    counts.set(key, ofModel.set(bucket, (ofModel.get(bucket) ?? 0) + 1));
    timer ??= setTimeout(() => void write().catch(onError), WRITE_EVERY_MS);
  }

  async function write(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const written = counts;
    counts = new Map();
    await Promise.all(
      [...written].map(([key, buckets]) => {
        const [model = '', version = ''] = key.split('@');
        return speeds.add(modelCode(model), version, buckets, Date.now());
      }),
    );
  }

  events.on('job.started', ({ model, version, attempt, waitMs }) => {
    // Later attempts have waited for the earlier ones.
    if (attempt === 1) count(model, version, speedBucket('wait', waitMs));
  });
  events.on('job.ended', ({ model, version, milliseconds, status }) => {
    count(model, version, speedBucket('run', milliseconds));
    count(model, version, happeningField('ended', Date.now()));
    if (status === 'failed') count(model, version, happeningField('failed', Date.now()));
  });
  events.on('job.admitted', ({ model, version, kind }) => {
    if (kind === 'hit') count(model, version, happeningField('hits', Date.now()));
  });
  return { write };
}
