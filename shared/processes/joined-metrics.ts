import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';

/** A metric of one process with its values, as prom-client hands it on. */
export interface ToldMetric {
  name: string;
  type: unknown;
  /** How several are taken together. */
  aggregator: string;
}

export interface JoinedMetrics {
  contentType: Registry['contentType'];
  /** Keeps what a process has told last. */
  note(process: number, told: readonly ToldMetric[]): void;
  /** A process is gone: what it has counted stays in the sums, what it had in hand does not. */
  leave(process: number): void;
  /** In Prometheus' format. */
  page(): Promise<string>;
}

const COUNTED: ReadonlySet<unknown> = new Set(['counter', 'histogram', 'summary']);

/**
 * The metrics of several processes as those of one. Counters never go back, whoever dies: Prometheus would take that for
 * a restart, and count all of it anew.
 */
export function createJoinedMetrics(): JoinedMetrics {
  const last = new Map<number, readonly ToldMetric[]>();
  let departed: readonly ToldMetric[] = [];
  // This process uses memory and CPU too.
  const own = new Registry();
  collectDefaultMetrics({ register: own });

  async function ownMetrics(): Promise<ToldMetric[]> {
    const told = await own.getMetricsAsJSON();
    return told.filter(({ name }) => name.startsWith('process_'));
  }

  return {
    contentType: own.contentType,
    note: (process, told) => void last.set(process, told),
    leave(process) {
      const counted = last.get(process)?.filter(({ type }) => COUNTED.has(type)) ?? [];
      last.delete(process);
      departed = join([departed, counted]).getMetricsAsArray();
    },
    page: async () => join([await ownMetrics(), ...last.values(), departed]).metrics(),
  };
}

function join(reports: readonly (readonly ToldMetric[])[]): Registry {
  return AggregatorRegistry.aggregate(
    reports.map((report) => report.map((metric) => ({ ...metric, aggregator: aggregatorOf(metric) }))),
  );
}

/** A mean would hide the one process that is late. */
function aggregatorOf({ name, aggregator }: ToldMetric): string {
  if (name === 'process_start_time_seconds') return 'min';
  return name.startsWith('nodejs_eventloop_lag') && aggregator === 'average' ? 'max' : aggregator;
}

export function isReport(value: unknown): value is ToldMetric[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'object' && 'aggregator' in each);
}
