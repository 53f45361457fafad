import { InferqError } from '../../shared/errors.ts';
import { compileForSender } from '../../shared/json-schema.ts';
import { fullName, splitName } from '../../shared/model.ts';
import type { Catalog } from '../../shared/models/catalog.ts';
import type { Model } from '../../shared/models/registry.ts';
import { mainVersion } from '../../shared/models/traffic.ts';
import type { AuditLog } from '../../shared/redis/audit-log.ts';
import type { ModelStore } from '../../shared/redis/model-store.ts';
import { authorize, noSuchModel, requireModel, requireModelName, requireTenant } from '../auth/authorize.ts';
import { findVersion } from '../auth/find-version.ts';
import { noteIn } from '../http/note.ts';
import type { Answer, Call } from '../http/route.ts';
import { readTime } from '../http/time.ts';
import { readModelBody } from './model-body.ts';
import { createModelView, type ModelViewParts } from './model-view.ts';
import { usableModels } from './usable-models.ts';
import { redriveJobs, RedriveRequest, type Choice, type RedriveParts } from './redrive-jobs.ts';

export interface ModelHandlerParts extends ModelViewParts, RedriveParts {
  catalog: Catalog;
  models: ModelStore;
  audit: AuditLog;
}

type Handler = (call: Call) => Promise<Answer>;

const checkRedrive = compileForSender(RedriveRequest, { strict: true });

/** The thin handlers of `/models`. */
export function createModelHandlers(parts: ModelHandlerParts) {
  const { registry, catalog, models, queue, settingsOf } = parts;
  const view = createModelView(parts);
  const note = noteIn(parts.audit);

  const list: Handler = async ({ principal }) => {
    const usable = await usableModels(parts, principal);
    const data = await Promise.all(usable.map((model) => view(model, principal, { whole: false })));
    return { status: 200, value: { data, next: null } };
  };

  const get: Handler = async ({ principal, parameters }) => {
    const name = parameters['name'] ?? '';
    const { models: tenantModels } = await settingsOf(principal.tenant);
    const found = findVersion(registry, { principal, scope: 'models:read', name, tenantModels }, mainVersion);
    const model = requireModel(principal, 'models:read', name, found, tenantModels);
    return { status: 200, value: await view(model, principal, { whole: true }) };
  };

  const put: Handler = async (call) => {
    const name = targetOf(call);
    const others = registry.list().map((model) => model.spec);
    const spec = readModelBody(call.body, name, others);
    const isNew = registry.versionsOf(fullName(spec)).length === 0;
    await models.save(spec);
    await catalog.refresh();
    await note(call, isNew ? 'model.create' : 'model.change', fullName(spec));
    return { ...(await show(call, find(fullName(spec)))), status: isNew ? 201 : 200 };
  };

  const remove: Handler = async (call) => {
    const name = targetOf(call);
    const model = find(name);
    const ours = registry.versionsOf(name).filter(({ source }) => source === 'api');
    if (ours.length === 0) throw new InferqError('model_in_file', whereElse(name, model));
    const specs = ours.map(({ spec }) => spec);
    await models.remove(specs, Date.now());
    await catalog.refresh();
    // What was accepted is to finish, and nobody could let it go on any more.
    if (registry.versionsOf(model.spec.name).length === 0) await queue.pause(model.code, false);
    for (const spec of specs) await note(call, 'model.delete', fullName(spec));
    return { status: 204 };
  };

  const pause = (paused: boolean): Handler => {
    return async (call) => {
      const name = targetOf(call);
      if (name.includes('@'))
        throw new InferqError('invalid_request', 'All versions wait together: leave the version out.');
      const { model } = await findUsable(call, name);
      await queue.pause(model.code, paused);
      await note(call, paused ? 'model.pause' : 'model.resume', name);
      return show(call, model);
    };
  };

  const redrive: Handler = async (call) => {
    const name = targetOf(call);
    const { model, versions } = await findUsable(call, name);
    const asked = readRedrive(call.body ?? {});
    const choice = { ...asked, tenant: requireTenant(call.principal, asked.tenant) };
    await note(call, 'model.redrive', name);
    const target = { code: model.code, versions };
    return { status: 202, value: await redriveJobs(parts, target, choice, call.signal) };
  };

  /** The model that an admin is about to do something to. */
  function find(name: string): Model {
    const model = registry.find(name);
    if (!model) throw noSuchModel(name);
    return model;
  }

  /** The model that its operator is about to do something to, and the versions of it that he may use. */
  async function findUsable({ principal }: Call, name: string) {
    const { models: tenantModels } = await settingsOf(principal.tenant);
    const scope = 'models:write';
    const found = findVersion(registry, { principal, scope, name, tenantModels }, mainVersion);
    const model = requireModel(principal, scope, name, found, tenantModels);
    const usable = registry
      .versionsOf(name)
      .filter(
        (each) => authorize(principal, scope, { kind: 'model', model: each, tenantModels }) === 'allowed',
      );
    return { model, versions: new Set(usable.map(({ spec }) => spec.version)) };
  }

  async function show({ principal }: Call, model: Model): Promise<Answer> {
    return { status: 200, value: await view(model, principal, { whole: true }) };
  }

  return { list, get, put, remove, pause: pause(true), resume: pause(false), redrive };
}

function whereElse(name: string, { source }: Model): string {
  return source === 'cluster'
    ? `${name} was found in a cluster: take the label inferq.dev/model off there.`
    : `${name} is defined in a model file: remove it from there.`;
}

function targetOf({ principal, parameters }: Call): string {
  const name = parameters['name'] ?? '';
  requireModelName(principal, splitName(name).name);
  return name;
}

function isRedrive(body: unknown): body is RedriveRequest {
  return checkRedrive(body).length === 0;
}

function readRedrive(body: unknown): Choice {
  if (isRedrive(body))
    return {
      ...body,
      tenant: body.tenant,
      since: body.since === undefined ? 0 : readTime(body.since, '/since'),
    };
  const faults = checkRedrive(body);
  const sentence = faults.map(({ pointer, detail }) => `${pointer || 'the body'} ${detail}`).join('; ');
  throw new InferqError('invalid_request', `Not a choice of jobs: ${sentence}.`, { errors: faults });
}
