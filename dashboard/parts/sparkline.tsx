import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface SparklineProps {
  /** Each drawn as a line, over the ones before. */
  series: readonly { values: readonly number[]; color: string; fill?: string }[];
  width: number;
  height: number;
  /** What it shows, in words. */
  label: string;
}

/** A small chart without axes. Colours are custom properties, so that they follow the theme. */
export function Sparkline({ series, width, height, label }: SparklineProps) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>();
  const theme = document.documentElement.dataset['theme'];
  const [length, data] = [series[0]?.values.length ?? 0, toData(series)];

  useEffect(() => {
    if (!host.current) return;
    chart.current = new uPlot(options(series, width, height), data, host.current);
    return () => chart.current?.destroy();
  }, [width, height, length, theme]);
  useEffect(() => chart.current?.setData(data), [JSON.stringify(data)]);

  return <div ref={host} class="sparkline" role="img" aria-label={label} style={{ width, height }} />;
}

function toData(series: SparklineProps['series']): uPlot.AlignedData {
  const length = series[0]?.values.length ?? 0;
  return [Array.from({ length }, (_, index) => index), ...series.map(({ values }) => [...values])];
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
    scales: { x: { time: false }, y: { range: (_chart, _min, max) => [0, Math.max(1, max ?? 1)] } },
    series: [
      {},
      ...series.map(({ color, fill }) => ({
        stroke: read(color),
        width: 1.5,
        points: { show: false },
        ...(fill === undefined ? {} : { fill: read(fill) }),
      })),
    ],
  };
}
