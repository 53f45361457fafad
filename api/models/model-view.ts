import { Type, type Static } from 'typebox';
import { ModelSpec } from '../../shared/model.ts';
import type { Model, Registry } from '../../shared/models/registry.ts';
import { withoutSecrets } from '../../shared/models/secret-references.ts';
import { sharesOf } from '../../shared/models/traffic.ts';
import { hasScope, type Principal } from '../../shared/principal.ts';
import type { EndpointReports } from '../../shared/redis/endpoint-reports.ts';
import type { ModelBacklogs } from '../../shared/redis/model-backlogs.ts';
import type { ModelSpeeds } from '../../shared/redis/model-speeds.ts';
import { EndpointView, endpointsOf } from './endpoint-view.ts';

const seconds = (description: string) => Type.Union([Type.Number({ description }), Type.Null()]);

export const ModelView = Type.Object({
  name: Type.String(),
  version: Type.String(),
  description: Type.Union([Type.String(), Type.Null()]),
  protocol: ModelSpec.properties.protocol,
  input_schema: ModelSpec.properties.input_schema,
  output_schema: ModelSpec.properties.output_schema,
  timeout: Type.Number(),
  cache: ModelSpec.properties.cache,
  traffic: Type.Number({ description: 'Percent of the jobs that pin no version' }),
  paused: Type.Boolean({ description: 'Jobs are accepted and wait' }),
  backlog: Type.Integer({ description: 'Jobs of all tenants that wait' }),
  running: Type.Integer({ description: 'Calls of the model under way' }),
  oldest_wait: seconds('That the job has waited that waits longest'),
  p50: seconds('That half of the runs took at most, lately'),
  p95: seconds('The same for 95 of 100'),
  p99: seconds('The same for 99 of 100'),
  wait_p50: seconds('That half of the jobs waited for their start at most, lately'),
  wait_p95: seconds('The same for 95 of 100'),
  wait_p99: seconds('The same for 99 of 100'),
  endpoints: Type.Array(EndpointView),
  source: Type.Optional(Type.Enum(['file', 'api', 'cluster'], { description: 'For admins' })),
  spec: Type.Optional(Type.Unsafe<ModelSpec>({ ...ModelSpec, description: 'For admins; without secrets' })),
});
type ModelView = Static<typeof ModelView>;

export interface ModelViewParts {
  registry: Registry;
  backlogs: ModelBacklogs;
  speeds: ModelSpeeds;
  reports: EndpointReports;
}

/** A model as the API shows it. `whole`: with its spec, where an admin asks. */
export function createModelView({ registry, backlogs, speeds, reports }: ModelViewParts) {
  return async (model: Model, principal: Principal, { whole }: { whole: boolean }): Promise<ModelView> => {
    const { spec, code, source } = model;
    const versions = registry.versionsOf(spec.name);
    const shares = sharesOf(versions.map((version) => version.spec));
    const [backlog, speed, endpoints] = await Promise.all([
      backlogs.of(code),
      speeds.of(code, spec.version, Date.now()),
      endpointsOf(reports, model, principal),
    ]);
    const isAdmin = hasScope(principal, 'admin');
    return {
      name: spec.name,
      version: spec.version,
      description: spec.description ?? null,
      protocol: spec.protocol,
      input_schema: spec.input_schema,
      output_schema: spec.output_schema,
      timeout: spec.timeout,
      cache: spec.cache,
      traffic: shares[versions.indexOf(model)] ?? 0,
      ...backlog,
      ...speed,
      endpoints,
      ...(isAdmin ? { source } : {}),
      // A spec of the API holds references only; a file's are resolved.
      ...(isAdmin && whole ? { spec: source === 'api' ? spec : withoutSecrets(spec) } : {}),
    };
  };
}
