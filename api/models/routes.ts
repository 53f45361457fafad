import { Type } from 'typebox';
import type { Parameter, Route } from '../http/route.ts';
import { createModelHandlers, type ModelHandlerParts } from './handlers.ts';
import { ModelBody } from './model-body.ts';
import { ModelView } from './model-view.ts';
import { Redriven, RedriveRequest } from './redrive-jobs.ts';

const tag = 'Models';
const name: Parameter = {
  name: 'name',
  in: 'path',
  description: 'name or name@version',
  schema: Type.String(),
};
const model = { description: 'The model', schema: ModelView };
const oneVersion = { description: 'It names a version: all wait together' };
const none = { description: 'There is no such model' };

/** What can be learned of models, and what operators can do with them. */
export function createModelRoutes(parts: ModelHandlerParts): Route[] {
  const handlers = createModelHandlers(parts);
  return [
    {
      method: 'get',
      path: '/models',
      tag,
      summary: 'The models that you may use; for admins all',
      scope: 'models:read',
      answers: {
        200: {
          description: 'The models, by name',
          schema: Type.Object({ data: Type.Array(ModelView), next: Type.Null() }),
        },
      },
      handle: handlers.list,
    },
    {
      method: 'get',
      path: '/models/{name}',
      tag,
      summary: 'One model: its schemas, its backlog, how fast it is, and its endpoints',
      description: 'Without a version the one that takes most of the jobs.',
      scope: 'models:read',
      parameters: [name],
      answers: { 200: model, 404: none },
      handle: handlers.get,
    },
    {
      method: 'put',
      path: '/models/{name}',
      tag,
      summary: 'Add a model or a version of one, or replace its spec',
      description:
        'The spec is that of a model file. It is in force everywhere within a second, over that of a file. ' +
        'Secrets are references to variables of the workers: `Bearer ${INFERQ_SECRET_KEY}`.',
      scope: 'admin',
      parameters: [name],
      body: ModelBody,
      answers: {
        200: { ...model, description: 'Replaced' },
        201: { ...model, description: 'Added' },
        422: { description: 'The spec has faults, which `errors` names; the one before stays in force' },
      },
      handle: handlers.put,
    },
    {
      method: 'delete',
      path: '/models/{name}',
      tag,
      summary: 'Remove a model, or one version of it',
      description:
        'New jobs are refused, those that were accepted finish. What a file says of it is in force again.',
      scope: 'admin',
      parameters: [name],
      answers: {
        204: { description: 'Removed' },
        404: none,
        409: { description: 'It is defined in a file alone' },
      },
      handle: handlers.remove,
    },
    {
      method: 'post',
      path: '/models/{name}/pause',
      tag,
      summary: 'Let no more jobs of a model start',
      description:
        'Jobs are accepted and wait; what runs finishes; a `ttl` runs on. For all versions and all tenants.',
      scope: 'models:write',
      parameters: [name],
      answers: { 200: model, 400: oneVersion, 404: none },
      handle: handlers.pause,
    },
    {
      method: 'post',
      path: '/models/{name}/resume',
      tag,
      summary: 'Let the jobs of a paused model start again',
      scope: 'models:write',
      parameters: [name],
      answers: { 200: model, 400: oneVersion, 404: none },
      handle: handlers.resume,
    },
    {
      method: 'post',
      path: '/models/{name}/redrive',
      tag,
      summary: 'Run failed jobs of a model again: your tenant’s, for admins those of all',
      description:
        'Those whose input is still kept, the oldest first, as `POST /jobs/{id}/retry` does it. Safe to repeat.',
      scope: 'models:write',
      parameters: [name],
      body: RedriveRequest,
      bodyOptional: true,
      answers: {
        202: { description: 'They wait again', schema: Redriven },
        400: { description: 'Not such a choice' },
        403: { description: 'The credential does not allow this, or `tenant` is another’s' },
        404: none,
      },
      handle: handlers.redrive,
    },
  ];
}
