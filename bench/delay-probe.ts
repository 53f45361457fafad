import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Loaded into a role before its own code: tells on SIGUSR2, in its log, how late timers of 10 ms came since the last. */
const RESOLUTION = 10;
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
histogram.enable();
process.on('SIGUSR2', () => {
  const late = (percent: number): number => Math.max(0, histogram.percentile(percent) / 1e6 - RESOLUTION);
  process.send?.({ type: 'notice', text: JSON.stringify({ p50: late(50), p99: late(99), max: late(100) }) });
  histogram.reset();
});
