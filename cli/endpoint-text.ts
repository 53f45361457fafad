import type { Endpoint, Health } from './model.ts';
import { plain } from './terminal.ts';

/** In words, the worst first. */
const WORDS = {
  down: 'out of order',
  failing: 'failing',
  tried: 'tried again',
  unknown: 'not called of late',
  healthy: 'healthy',
} as const satisfies Record<Health, string>;

/** `2/2 healthy`, `1/3 healthy, 1 failing, 1 not called of late`: each of them in one of the words. */
export function summarize(endpoints: readonly Endpoint[]): string {
  if (endpoints.length === 0) return '–';
  const counts = Map.groupBy(endpoints, ({ health }) => health);
  const healthy = counts.get('healthy')?.length ?? 0;
  const others = words().flatMap(([health, word]) => {
    const count = counts.get(health)?.length ?? 0;
    return health === 'healthy' || count === 0 ? [] : [`${count} ${word}`];
  });
  return [...(healthy > 0 ? [`${healthy}/${endpoints.length} healthy`] : []), ...others].join(', ');
}

/** How the one is that is worst off. */
export function describeWorst(endpoints: readonly Endpoint[]): string {
  return words().find(([health]) => endpoints.some((endpoint) => endpoint.health === health))?.[1] ?? '–';
}

/** `failing: connection refused`. The last failure of one that is well is over. */
export function describeHealth({ health, error }: Endpoint): string {
  const why = error !== undefined && health !== 'healthy' ? `: ${plain(error)}` : '';
  return `${WORDS[health]}${why}`;
}

function words(): [Health, string][] {
  return (['down', 'failing', 'tried', 'unknown', 'healthy'] as const).map((health) => [
    health,
    WORDS[health],
  ]);
}
