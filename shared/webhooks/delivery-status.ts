import type { DeliveryRecord } from './delivery-record.ts';

/** How a delivery stands: to be tried (again), arrived, or given up. */
export const DELIVERY_STATUSES = ['pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** How a delivery stands after an attempt. */
export function statusAfter({
  outcome,
  next_at,
}: Pick<DeliveryRecord, 'outcome' | 'next_at'>): DeliveryStatus {
  if (outcome === 'delivered') return 'delivered';
  return outcome === 'running' || outcome === 'lost' || next_at !== null ? 'pending' : 'failed';
}
