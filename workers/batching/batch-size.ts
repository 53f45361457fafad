import type { ModelSpec } from '../../shared/model.ts';
import { protocolOf } from '../protocols/registry.ts';

/** How many jobs one call of the model may take: 1 where its protocol has no batches, whatever the spec says. */
export function batchSizeOf({ protocol, batch }: ModelSpec): number {
  return protocolOf(protocol).batch ? (batch?.max_size ?? 1) : 1;
}
