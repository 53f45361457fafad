import { useEffect, useRef, useState } from 'preact/hooks';
import type { Overview } from '../api/bodies.ts';
import { Sparkline } from './sparkline.tsx';

type Activity = Overview['models'][number]['activity'];

const HEIGHT = 120;

/** What ended, failed and came from the cache over the last minutes. */
export function ActivityChart({ activity: { ended, failed, hits, step } }: { activity: Activity }) {
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!host.current) return;
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    watch.observe(host.current);
    return () => watch.disconnect();
  }, []);
  const minutes = (ended.length * step) / 60;
  return (
    <section class="card" aria-labelledby="activity-heading">
      <header>
        <h2 id="activity-heading">Last {minutes} minutes</h2>
        <span class="legend">
          <i class="ended" /> ended <i class="hits" /> from the cache <i class="failed" /> failed
        </span>
      </header>
      <div class="chart" ref={host}>
        {width > 0 && (
          <Sparkline
            series={[
              { values: ended, color: '--accent', fill: '--accent-fill' },
              { values: hits, color: '--good' },
              { values: failed, color: '--bad' },
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
