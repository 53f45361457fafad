/** What a `/metrics` page tells: the metrics that are declared, the labels that their samples carry, and the values. */
export interface Exposition {
  types: Map<string, string>;
  labels: Map<string, Set<string>>;
  values: Map<string, number>;
}

export function readExposition(...pages: string[]): Exposition {
  const types = new Map<string, string>();
  const labels = new Map<string, Set<string>>();
  const values = new Map<string, number>();
  for (const line of pages.flatMap((page) => page.split('\n'))) {
    const [, declared, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (declared !== undefined && type !== undefined) types.set(declared, type);
    const [, name, inner = '', value] = /^([a-z]\w*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    const known = labels.get(name) ?? new Set();
    for (const [, label = ''] of inner.matchAll(/(\w+)="/g)) known.add(label);
    labels.set(name, known);
    values.set(line.slice(0, line.lastIndexOf(' ')), Number(value));
  }
  return { types, labels, values };
}

/** The metrics that a PromQL expression names, with the labels that it asks of each. */
export function metricsIn(expression: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, name = '', inner = ''] of expression.matchAll(
    /\b((?:inferq|nodejs|process)_\w+)(?:\{([^}]*)\})?/g,
  )) {
    const known = found.get(name) ?? new Set();
    for (const [, label = ''] of inner.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) known.add(label);
    found.set(name, known);
  }
  return found;
}

/** The metric whose sample this is: histograms have three kinds. */
export function metricOf(sample: string, { types }: Exposition): string | undefined {
  const base = sample.replace(/_(bucket|sum|count)$/, '');
  return types.has(sample) ? sample : types.get(base) === 'histogram' ? base : undefined;
}
