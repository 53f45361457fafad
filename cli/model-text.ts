import { formatSeconds } from './duration.ts';
import { describeHealth, summarize } from './endpoint-text.ts';
import type { Model } from './model.ts';
import { toJson } from './output.ts';
import { formatFields, formatTable } from './table.ts';
import { plain, type Colors, type Screen } from './terminal.ts';

const HEADINGS = [
  'MODEL',
  'PROTOCOL',
  'ENDPOINTS',
  'RUNNING',
  'BACKLOG',
  'OLDEST WAIT',
  'P50',
  'P95',
  'TRAFFIC',
];

export function formatModels(models: readonly Model[], screen: Screen): string {
  const rows = models.map((model) => [
    nameOf(model) + (model.paused ? ' (paused)' : ''),
    model.protocol ?? '–',
    summarize(model.endpoints),
    String(model.running ?? '–'),
    String(model.backlog ?? '–'),
    duration(model.oldestWait),
    duration(model.p50),
    duration(model.p95),
    percent(model.traffic),
  ]);
  return formatTable(HEADINGS, rows, screen);
}

export function formatModel(model: Model, screen: Screen): string {
  const fields: [string, string][] = [
    ['model', nameOf(model) + (model.paused ? ' (paused)' : '')],
    ...(model.description === undefined ? [] : [['about', plain(model.description)] as [string, string]]),
    ['protocol', model.protocol ?? '–'],
    [
      'jobs',
      `${model.running ?? '–'} running, ${model.backlog ?? '–'} waiting, the oldest ${duration(model.oldestWait)}`,
    ],
    ['run time', `p50 ${duration(model.p50)}, p95 ${duration(model.p95)}`],
    ['waiting', `p50 ${duration(model.waitP50)}, p95 ${duration(model.waitP95)}`],
    ['traffic', `${percent(model.traffic)} of the jobs that name no version`],
    ...(model.source === undefined
      ? []
      : [['from', SOURCES[model.source] ?? model.source] as [string, string]]),
    ...model.endpoints.map((endpoint): [string, string] => [
      'endpoint',
      `${endpoint.url ?? ''} (${describeHealth(endpoint)})`.trimStart(),
    ]),
  ];
  const { colors } = screen;
  return (
    formatFields(fields, screen) +
    formatSchema('input schema', model.inputSchema, colors) +
    formatSchema('output schema', model.outputSchema, colors)
  );
}

export function nameOf({ name, version }: Pick<Model, 'name' | 'version'>): string {
  return version === undefined ? name : `${name}@${version}`;
}

const SOURCES: Partial<Record<string, string>> = {
  api: 'the API',
  file: 'a model file of the broker',
  cluster: 'a cluster of Kubernetes',
};

function percent(value: number | undefined): string {
  return value === undefined ? '–' : `${Number(value.toFixed(1))} %`;
}

function duration(seconds: number | undefined): string {
  return seconds === undefined ? '–' : formatSeconds(seconds);
}

function formatSchema(name: string, schema: unknown, colors: Colors): string {
  return schema === undefined ? '' : `\n${colors.dim(name)}\n${toJson(schema)}\n`;
}
