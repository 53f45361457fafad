import { moment } from './format.ts';

export interface LiveProps {
  fault: string | undefined;
  /** When what is shown was read last, in epoch ms. */
  readAt: number | undefined;
}

/** Whether what is shown is current, or since when it is not. */
export function Live({ fault, readAt }: LiveProps) {
  if (readAt === undefined) return null;
  if (fault === undefined) return <span class="live">live</span>;
  return <span class="live stale">stale since {moment(new Date(readAt).toISOString())}</span>;
}
