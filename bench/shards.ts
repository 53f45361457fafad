import { argv } from 'node:process';
import { modelCode } from '../shared/redis/keys.ts';

/**
 * What one machine cannot show: how evenly models lie on the shards of a cluster. The slot is Redis Cluster's own
 * (CRC16 of the hash tag, modulo 16,384), slots are dealt in equal ranges, and loads follow Zipf's law.
 */
export interface Spread {
  models: number;
  shards: number;
  /** The load of the n-th model is 1 / n^exponent. */
  exponent: number;
}

/** The load of the fullest shard in means, and the part of all that the greatest model alone is. */
export function spread({ models, shards, exponent }: Spread): { fullest: number; greatest: number } {
  const loads = Array.from({ length: models }, (_, index) => 1 / (index + 1) ** exponent);
  const total = loads.reduce((sum, load) => sum + load, 0);
  const byShard = Array.from({ length: shards }, () => 0);
  loads.forEach((load, index) => {
    const shard = Math.floor((slotOf(modelCode(`model-${index}`)) * shards) / 16_384);
    byShard[shard] = (byShard[shard] ?? 0) + load;
  });
  return { fullest: (Math.max(...byShard) * shards) / total, greatest: (loads[0] ?? 0) / total };
}

/** CRC16-CCITT (XMODEM), as in the specification of Redis Cluster. */
export function slotOf(tag: string): number {
  let crc = 0;
  for (const byte of Buffer.from(tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc % 16_384;
}

if (argv[1] === import.meta.filename) {
  process.stdout.write('models  shards  exponent  fullest shard  greatest model\n');
  for (const models of [10, 200, 2000])
    for (const shards of [3, 16])
      for (const exponent of [0, 1]) {
        const { fullest, greatest } = spread({ models, shards, exponent });
        const cells = [
          models,
          shards,
          exponent,
          `${fullest.toFixed(2)} means`,
          `${(100 * greatest).toFixed(1)} %`,
        ];
        process.stdout.write(`${cells.map((cell) => String(cell).padEnd(8)).join('')}\n`);
      }
}
