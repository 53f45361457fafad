import type { Environment } from './config.ts';

export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Where traces go, and of what they are made. Names and meaning are OpenTelemetry's. */
export interface TracingConfig {
  /** Takes OTLP over HTTP, as JSON. */
  url: string;
  headers: Record<string, string>;
  sampler: (typeof SAMPLERS)[number];
  /** 0 to 1, for the samplers that go by it. */
  ratio: number;
  /** Undefined: inferq and the name of the role. */
  serviceName: string | undefined;
  resource: Record<string, string>;
}

/** Undefined: no traces. Adds to `faults` what cannot be used. */
export function readTracingConfig(env: Environment, faults: string[]): TracingConfig | undefined {
  const headers = readPairs(env, 'OTEL_EXPORTER_OTLP_HEADERS', faults);
  const resource = readPairs(env, 'OTEL_RESOURCE_ATTRIBUTES', faults);
  const sampler = readSampler(env, faults);
  const ratio = readRatio(env, faults);
  const serviceName = env['OTEL_SERVICE_NAME'] || undefined;
  const url = readUrl(env, faults);
  return url === undefined ? undefined : { url, headers, sampler, ratio, serviceName, resource };
}

function readUrl(env: Environment, faults: string[]): string | undefined {
  const text = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (!text) return undefined;
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search)
    return `${url.origin}${url.pathname.replace(/\/$/, '')}/v1/traces`;
  faults.push(
    'OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https URL without credentials and query: those go into OTEL_EXPORTER_OTLP_HEADERS.',
  );
  return undefined;
}

function readSampler(env: Environment, faults: string[]): TracingConfig['sampler'] {
  const text = env['OTEL_TRACES_SAMPLER'] || 'parentbased_always_on';
  const known = SAMPLERS.find((sampler) => sampler === text);
  if (!known) faults.push(`OTEL_TRACES_SAMPLER is '${text}': it must be one of ${SAMPLERS.join(', ')}.`);
  return known ?? 'always_off';
}

function readRatio(env: Environment, faults: string[]): number {
  const text = env['OTEL_TRACES_SAMPLER_ARG'] || '1';
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  faults.push(`OTEL_TRACES_SAMPLER_ARG is '${text}': it must be a number from 0 to 1.`);
  return 0;
}

/** `a=1,b=two%20words`, as W3C baggage has it. The values may be secrets: none is told. */
function readPairs(env: Environment, name: string, faults: string[]): Record<string, string> {
  const entries = (env[name] ?? '').split(',').filter((entry) => entry.trim() !== '');
  try {
    return Object.fromEntries(entries.map(toPair));
  } catch {
    faults.push(`${name} must be name=value, with commas between, values percent-encoded.`);
    return {};
  }
}

function toPair(entry: string): [string, string] {
  const at = entry.indexOf('=');
  if (at < 1) throw new TypeError('no name');
  return [entry.slice(0, at).trim(), decodeURIComponent(entry.slice(at + 1).trim())];
}
