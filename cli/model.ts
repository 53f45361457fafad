import { foreign, usage, type Failure } from './failure.ts';
import { isRecord } from './json.ts';

/** A model as this command line reads it; whatever the broker does not say is undefined. */
export interface Model {
  name: string;
  version: string | undefined;
  description: string | undefined;
  protocol: string | undefined;
  paused: boolean;
  /** Percent of the jobs that pin no version. */
  traffic: number | undefined;
  /** `file` or `api`; for admins. */
  source: string | undefined;
  endpoints: Endpoint[];
  /** Jobs that wait. */
  backlog: number | undefined;
  running: number | undefined;
  /** Seconds. */
  oldestWait: number | undefined;
  p50: number | undefined;
  p95: number | undefined;
  waitP50: number | undefined;
  waitP95: number | undefined;
  inputSchema: unknown;
  outputSchema: unknown;
}

export interface Endpoint {
  /** For admins. */
  url: string | undefined;
  health: Health;
  /** Its last failure, for admins. */
  error: string | undefined;
}

/** `failing`: it is called, but the last call failed. `tried`: one call finds out whether it is well again. */
export type Health = 'healthy' | 'failing' | 'down' | 'tried' | 'unknown';

export function toModels(body: unknown, url: string): Model[] {
  if (!isRecord(body) || !Array.isArray(body['data'])) throw notAModel(url);
  const models: unknown[] = body['data'];
  return models.map((model) => toModel(model, url));
}

export function toModel(body: unknown, url: string): Model {
  if (!isRecord(body) || typeof body['name'] !== 'string') throw notAModel(url);
  const spec = isRecord(body['spec']) ? body['spec'] : {};
  return {
    name: body['name'],
    version: text(body['version']),
    description: text(body['description']),
    protocol: text(body['protocol']),
    paused: body['paused'] === true,
    traffic: number(body['traffic']),
    source: text(body['source']),
    endpoints: toEndpoints(body['endpoints'] ?? spec['endpoints']),
    backlog: number(body['backlog']),
    running: number(body['running']),
    oldestWait: number(body['oldest_wait']),
    p50: number(body['p50']),
    p95: number(body['p95']),
    waitP50: number(body['wait_p50']),
    waitP95: number(body['wait_p95']),
    inputSchema: body['input_schema'],
    outputSchema: body['output_schema'],
  };
}

/** The path of a model's resource. What is no name is refused before it becomes part of a path. */
export function modelPath(name: string): string {
  if (!/^[a-z0-9][\w.-]*(@[\w.-]+)?$/i.test(name)) {
    throw usage(`"${name}" is not the name of a model`, 'npx inferq models ls  lists them');
  }
  return `/models/${encodeURIComponent(name)}`;
}

function toEndpoints(value: unknown): Endpoint[] {
  const endpoints: unknown[] = Array.isArray(value) ? value : [];
  return endpoints.filter(isRecord).map(({ url, state, failing, error }) => ({
    url: text(url),
    health: toHealth(state, failing === true),
    error: text(error),
  }));
}

function toHealth(state: unknown, failing: boolean): Health {
  if (state === 'open') return 'down';
  if (failing) return 'failing';
  if (state === 'half-open') return 'tried';
  return state === 'closed' ? 'healthy' : 'unknown';
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function notAModel(url: string): Failure {
  return foreign(url, 'its answer is not a model');
}
