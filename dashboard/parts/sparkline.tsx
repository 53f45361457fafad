import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface SparklineProps {
  /** What is counted, from the bottom of the bars to their top. Colours are custom properties. */
  series: readonly { values: readonly number[]; color: string }[];
  width: number;
  height: number;
  /** What it shows, in words. */
  label: string;
}

/** Stacked bars without axes, in the colours of the theme. */
export function Sparkline({ series, width, height, label }: SparklineProps) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>();
  const theme = document.documentElement.dataset['theme'];
  const [length, data] = [series[0]?.values.length ?? 0, toData(series)];

  useEffect(() => {
    if (!host.current) return undefined;
    chart.current = new uPlot(options(series, width, height), data, host.current);
    return () => chart.current?.destroy();
  }, [width, height, length, theme]);
  useEffect(() => chart.current?.setData(data), [JSON.stringify(data)]);

  return <div ref={host} class="sparkline" role="img" aria-label={label} style={{ width, height }} />;
}

function toData(series: SparklineProps['series']): uPlot.AlignedData {
  const length = series[0]?.values.length ?? 0;
  // The tallest is drawn first, and the others over it.
  const heights = series.map((_, upTo) =>
    Array.from({ length }, (_each, at) =>
      series.slice(0, upTo + 1).reduce((sum, { values }) => sum + (values[at] ?? 0), 0),
    ),
  );
  return [Array.from({ length }, (_, index) => index), ...heights.toReversed()];
}

function options(series: SparklineProps['series'], width: number, height: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name);
  return {
    width,
    height,
    padding: [2, 0, 2, 0],
    cursor: { show: false },
    legend: { show: false },
    axes: [{ show: false }, { show: false }],
    scales: {
      x: { time: false, range: (_chart, min, max) => [(min ?? 0) - 0.5, (max ?? 1) + 0.5] },
      y: { range: (_chart, _min, max) => [0, Math.max(1, max ?? 1)] },
    },
    series: [
      {},
      ...series.toReversed().map(({ color }) => ({
        fill: read(color),
        width: 0,
        points: { show: false },
        ...(uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.72, 64] }) } : {}),
      })),
    ],
  };
}
