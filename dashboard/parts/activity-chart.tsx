import { useEffect, useRef, useState } from 'preact/hooks';
import type { Overview } from '../api/bodies.ts';
import { count } from './format.ts';
import { Sparkline } from './sparkline.tsx';

type Activity = Overview['models'][number]['activity'];

const HEIGHT = 120;

/** What ended well, and was not in the cache. */
export function succeeded({ ended, failed }: Activity): number[] {
  return ended.map((value, index) => value - (failed[index] ?? 0));
}

/** What ended, failed and came from the cache over the last minutes. */
export function ActivityChart({ activity }: { activity: Activity }) {
  const { ended, failed, hits, step } = activity;
  const peak = Math.max(...ended.map((value, index) => value + (hits[index] ?? 0)));
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!host.current) return undefined;
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    watch.observe(host.current);
    return () => watch.disconnect();
  }, []);
  const minutes = (ended.length * step) / 60;
  return (
    <section class="card" aria-labelledby="activity-heading">
      <header>
        <h2 id="activity-heading">Last {minutes} minutes</h2>
        <span class="muted">
          at most {count(peak)} in {step} s
        </span>
        <span class="legend">
          <i class="ended" /> succeeded <i class="hits" /> from the cache <i class="failed" /> failed
        </span>
      </header>
      <div class="chart" ref={host}>
        {width > 0 && (
          <Sparkline
            series={[
              { values: failed, color: '--bad' },
              { values: hits, color: '--good' },
              { values: succeeded(activity), color: '--accent' },
            ]}
            width={width}
            height={HEIGHT}
            label={`Jobs in steps of ${step} s. Ended: ${ended.join(', ')}. From the cache: ${hits.join(', ')}. Failed: ${failed.join(', ')}.`}
          />
        )}
      </div>
    </section>
  );
}
