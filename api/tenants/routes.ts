import { Type } from 'typebox';
import { TenantSettings } from '../../shared/tenant.ts';
import { cursorParameter, pageOf } from '../http/page.ts';
import type { Parameter, Route } from '../http/route.ts';
import { Failures, showFailures } from './failures.ts';
import { createTenantHandlers, type TenantHandlerParts } from './handlers.ts';
import { createUsageHandler, usageParameters, UsageList, type UsageParts } from './usage.ts';
import { MadeToken, TokenList, TokenRequest } from './token-request.ts';

const tag = 'Tenants';
const scope = 'admin';
const id: Parameter = { name: 'id', in: 'path', description: "The tenant's name", schema: Type.String() };
const none = { description: 'There is no such tenant' };

const Tenant = Type.Object({
  id: Type.String(),
  ...TenantSettings.properties,
  created_at: Type.String({ format: 'date-time' }),
  updated_at: Type.String({ format: 'date-time' }),
});
const tenant = { description: 'The tenant', schema: Tenant };

const AuditEntry = Type.Object({
  id: Type.String(),
  at: Type.String({ format: 'date-time' }),
  tenant: Type.String({ description: 'Of who did it' }),
  subject: Type.String({ description: 'Who did it' }),
  action: Type.String({ description: 'tenant.create, token.revoke, model.pause, …' }),
  target: Type.String({ description: 'To what' }),
  address: Type.String({ description: 'From where' }),
  request_id: Type.String(),
});

/** What admins can do with tenants and tokens. */
export function createTenantRoutes(parts: TenantHandlerParts & UsageParts): Route[] {
  const handlers = createTenantHandlers(parts);
  return [
    {
      method: 'get',
      path: '/tenants',
      tag,
      scope,
      summary: 'The tenants of which something is settled',
      answers: {
        200: { description: 'By name', schema: Type.Object({ data: Type.Array(Tenant), next: Type.Null() }) },
      },
      handle: handlers.list,
    },
    {
      method: 'put',
      path: '/tenants/{id}',
      tag,
      scope,
      summary: 'Make a tenant, or replace its settings',
      description:
        'What is left out has its default. The process that took it goes by it at once, every other within two seconds.',
      parameters: [id],
      body: TenantSettings,
      answers: {
        200: tenant,
        201: { ...tenant, description: 'Made' },
        400: { description: 'Not such settings' },
      },
      handle: handlers.put,
    },
    {
      method: 'get',
      path: '/tenants/{id}',
      tag,
      scope,
      summary: 'One tenant',
      parameters: [id],
      answers: { 200: tenant, 404: none },
      handle: handlers.get,
    },
    {
      method: 'delete',
      path: '/tenants/{id}',
      tag,
      scope,
      summary: 'Remove a tenant’s settings and revoke its tokens',
      parameters: [id],
      answers: { 204: { description: 'Removed' }, 404: none },
      handle: handlers.remove,
    },
    {
      method: 'post',
      path: '/tenants/{id}/tokens',
      tag,
      scope,
      summary: 'Make an API token',
      parameters: [id],
      body: TokenRequest,
      answers: {
        201: { description: 'Made; the token is shown this once', schema: MadeToken },
        400: { description: 'Not such a token' },
        404: none,
      },
      handle: handlers.makeToken,
    },
    {
      method: 'get',
      path: '/tenants/{id}/tokens',
      tag,
      scope,
      summary: 'The API tokens of a tenant, without their secrets',
      parameters: [id],
      answers: { 200: { description: 'Oldest first', schema: TokenList }, 404: none },
      handle: handlers.listTokens,
    },
    {
      method: 'get',
      path: '/tenants/{id}/usage',
      tag,
      scope,
      summary: 'What the jobs of a tenant did and cost, by day and model, and what is left of its budget',
      parameters: [id, ...usageParameters],
      answers: {
        200: { description: 'By day, then by model', schema: UsageList },
        400: { description: 'Not such days' },
        404: none,
      },
      handle: createUsageHandler(parts),
    },
    {
      method: 'get',
      path: '/tenants/{id}/failures',
      tag,
      scope,
      summary: 'How many of the jobs of a tenant failed with what, today and yesterday (UTC)',
      parameters: [id],
      answers: { 200: { description: 'By model and error, most first', schema: Failures } },
      handle: ({ parameters }) => showFailures(parts.usage, parameters['id'] ?? ''),
    },
    {
      method: 'delete',
      path: '/tokens/{id}',
      tag,
      scope,
      summary: 'Revoke an API token, everywhere within five seconds',
      parameters: [{ name: 'id', in: 'path', description: "The token's id", schema: Type.String() }],
      answers: { 204: { description: 'Revoked' }, 404: { description: 'There is no such token' } },
      handle: handlers.removeToken,
    },
    {
      method: 'get',
      path: '/audit',
      tag,
      scope,
      summary: 'Who changed a tenant, a token or a model, when and from where; newest first',
      parameters: [cursorParameter],
      answers: {
        200: {
          description: 'A page',
          schema: pageOf(AuditEntry),
        },
        400: { description: 'cursor is not one that this list has given out' },
      },
      handle: handlers.listAudit,
    },
  ];
}
