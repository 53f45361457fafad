import { formatSeconds } from './duration.ts';

/** How far long work has come. */
export interface Progress {
  done: number;
  total: number;
  failed: number;
  /** Seconds that it has taken, and what of it was done before they began. */
  elapsed: number;
  before: number;
}

const WIDTH = 24;

/** `████░░░░ 40 of 100 · 12/s · about 5 s left · 1 failed` */
export function describeProgress({ done, total, failed, elapsed, before }: Progress): string {
  const share = total === 0 ? 1 : done / total;
  const filled = Math.floor(share * WIDTH);
  const rate = elapsed > 0 ? (done - before) / elapsed : 0;
  const left = rate > 0 && done < total ? Math.ceil((total - done) / rate) : undefined;
  return [
    `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${done} of ${total}`,
    ...(rate > 0 ? [`${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s`] : []),
    ...(left === undefined ? [] : [`about ${formatSeconds(left)} left`]),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ].join(' · ');
}
