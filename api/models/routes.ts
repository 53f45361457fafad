import { Type, type Static } from 'typebox';
import { ModelSpec } from '../../shared/model.ts';
import type { Model, Registry } from '../../shared/models/registry.ts';
import type { EndpointReports } from '../../shared/redis/endpoint-reports.ts';
import type { ModelBacklogs } from '../../shared/redis/model-backlogs.ts';
import type { TenantSettings } from '../../shared/tenant.ts';
import { authorize, requireModel } from '../auth/authorize.ts';
import type { Call, Route } from '../http/route.ts';
import { EndpointView, endpointsOf } from './endpoint-view.ts';

const ModelView = Type.Object({
  name: Type.String(),
  version: Type.String(),
  description: Type.Union([Type.String(), Type.Null()]),
  protocol: ModelSpec.properties.protocol,
  input_schema: ModelSpec.properties.input_schema,
  output_schema: ModelSpec.properties.output_schema,
  timeout: Type.Number(),
  cache: ModelSpec.properties.cache,
  backlog: Type.Integer({ description: 'Jobs of all tenants that wait' }),
  running: Type.Integer({ description: 'Calls of the model under way' }),
  oldest_wait: Type.Union([
    Type.Number({ description: 'Seconds that the next job has waited' }),
    Type.Null(),
  ]),
  endpoints: Type.Optional(Type.Array(EndpointView, { description: 'Where one model is asked for' })),
});
type ModelView = Static<typeof ModelView>;

export interface ModelRouteParts {
  registry: Registry;
  backlogs: ModelBacklogs;
  reports: EndpointReports;
  settingsOf: (tenant: string) => Promise<TenantSettings>;
}

/** What can be learned of models. */
export function createModelRoutes({ registry, backlogs, reports, settingsOf }: ModelRouteParts): Route[] {
  const view = async ({ spec, code }: Model): Promise<ModelView> => ({
    name: spec.name,
    version: spec.version,
    description: spec.description ?? null,
    protocol: spec.protocol,
    input_schema: spec.input_schema,
    output_schema: spec.output_schema,
    timeout: spec.timeout,
    cache: spec.cache,
    ...(await backlogs.of(code)),
  });
  const usable = async ({ principal }: Call): Promise<Model[]> => {
    const { models: tenantModels } = await settingsOf(principal.tenant);
    return registry
      .list()
      .filter(
        (model) => authorize(principal, 'models:read', { kind: 'model', model, tenantModels }) === 'allowed',
      );
  };
  return [
    {
      method: 'get',
      path: '/models',
      tag: 'Models',
      summary: 'The models that you may use',
      scope: 'models:read',
      answers: {
        200: {
          description: 'The models, by name',
          schema: Type.Object({ data: Type.Array(ModelView), next: Type.Null() }),
        },
      },
      handle: async (call) => ({
        status: 200,
        value: { data: await Promise.all((await usable(call)).map(view)), next: null },
      }),
    },
    {
      method: 'get',
      path: '/models/{name}',
      tag: 'Models',
      summary: 'One model: its schemas, its backlog and its endpoints',
      scope: 'models:read',
      parameters: [{ name: 'name', in: 'path', description: 'name or name@version', schema: Type.String() }],
      answers: {
        200: { description: 'The model', schema: ModelView },
        404: { description: 'There is no such model' },
      },
      handle: async (call) => {
        const name = call.parameters['name'] ?? '';
        const { models } = await settingsOf(call.principal.tenant);
        const model = requireModel(call.principal, 'models:read', name, registry.find(name), models);
        const endpoints = await endpointsOf(reports, model, call.principal);
        return { status: 200, value: { ...(await view(model)), endpoints } };
      },
    },
  ];
}
