import { InferqError } from '../../shared/errors.ts';
import { compileForSender } from '../../shared/json-schema.ts';
import { isTenantName, TENANT_NAME_RULE } from '../../shared/principal.ts';
import type { AuditLog } from '../../shared/redis/audit-log.ts';
import type { TenantStore } from '../../shared/redis/tenant-store.ts';
import { newToken, type TokenStore } from '../../shared/redis/token-store.ts';
import { toTime } from '../../shared/stored-job.ts';
import { TenantSettings } from '../../shared/tenant.ts';
import type { Answer, Call } from '../http/route.ts';
import { noteIn } from '../http/note.ts';
import { valueOf } from '../http/query.ts';
import { readTime } from '../http/time.ts';
import { TokenRequest } from './token-request.ts';

export interface TenantHandlerParts {
  tenants: TenantStore;
  tokens: TokenStore;
  audit: AuditLog;
}

type Handler = (call: Call) => Promise<Answer>;

const checkSettings = compileForSender(TenantSettings, { strict: true });
const checkTokenRequest = compileForSender(TokenRequest, { strict: true });

/** The thin handlers of tenants and their tokens, all for admins. */
export function createTenantHandlers({ tenants, tokens, audit }: TenantHandlerParts) {
  const note = noteIn(audit);

  async function find(call: Call) {
    const tenant = await tenants.find(call.parameters['id'] ?? '');
    if (!tenant) throw noSuchTenant();
    return tenant;
  }

  const put: Handler = async (call) => {
    const id = call.parameters['id'] ?? '';
    if (!isTenantName(id)) throw invalid('', `A tenant's name has ${TENANT_NAME_RULE}.`);
    const settings = call.body;
    if (!isSettings(settings)) throw refused('tenant', checkSettings(settings));
    const known = await tenants.find(id);
    const tenant = await tenants.save(id, settings);
    await note(call, known ? 'tenant.change' : 'tenant.create', id);
    return { status: known ? 200 : 201, value: tenant };
  };

  const get: Handler = async (call) => ({ status: 200, value: await find(call) });

  const list: Handler = async () => ({ status: 200, value: { data: await tenants.list(), next: null } });

  const remove: Handler = async (call) => {
    const { id } = await find(call);
    for (const token of await tokens.list(id)) await tokens.remove(token.id);
    await tenants.remove(id);
    await note(call, 'tenant.delete', id);
    return { status: 204 };
  };

  const makeToken: Handler = async (call) => {
    const { id: tenant } = await find(call);
    const request = call.body;
    if (!isTokenRequest(request)) throw refused('token', checkTokenRequest(request));
    const { name, scopes, models = ['*'] } = request;
    const expires_at = readExpiry(request);
    const credential = newToken();
    const token = await tokens.save(credential, { tenant, name, scopes, models, expires_at });
    await note(call, 'token.create', `${tenant}/${token.id}`);
    return { status: 201, value: { ...token, token: credential } };
  };

  const listTokens: Handler = async (call) => {
    const { id } = await find(call);
    return { status: 200, value: { data: await tokens.list(id), next: null } };
  };

  const removeToken: Handler = async (call) => {
    const token = await tokens.remove(call.parameters['id'] ?? '');
    if (!token) throw new InferqError('not_found', 'There is no token with this id.');
    await note(call, 'token.revoke', `${token.tenant}/${token.id}`);
    return { status: 204 };
  };

  const listAudit: Handler = async ({ query }) => {
    const cursor = valueOf(query, 'cursor');
    // An id begins with the time. Redis refuses what nothing can come before, which 0-0 is.
    if (cursor !== undefined && !/^[1-9]\d{0,14}-\d{1,10}$/.test(cursor))
      throw invalid('?cursor', 'cursor is not one that this list has given out.');
    const data = await audit.list(AUDIT_PAGE, cursor);
    const last = data.length === AUDIT_PAGE ? data.at(-1) : undefined;
    return { status: 200, value: { data, next: last ? `/audit?cursor=${last.id}` : null } };
  };

  return { put, get, list, remove, makeToken, listTokens, removeToken, listAudit };
}

const AUDIT_PAGE = 100;

function isSettings(body: unknown): body is TenantSettings {
  return checkSettings(body).length === 0;
}

function isTokenRequest(body: unknown): body is TokenRequest {
  return checkTokenRequest(body).length === 0;
}

function readExpiry({ expires_at: given = null }: TokenRequest): string | null {
  if (given === null) return null;
  const time = readTime(given, '/expires_at');
  if (time <= Date.now()) throw invalid('/expires_at', 'expires_at is in the past.');
  return toTime(time);
}

function noSuchTenant(): InferqError {
  return new InferqError('not_found', 'There is no tenant of this name. PUT makes one.');
}

function refused(what: string, faults: { pointer: string; detail: string }[]): InferqError {
  const sentence = faults.map(({ pointer, detail }) => `${pointer || 'the body'} ${detail}`).join('; ');
  return new InferqError('invalid_request', `Not a ${what}: ${sentence}.`, { errors: faults });
}

function invalid(pointer: string, detail: string): InferqError {
  return new InferqError('invalid_request', detail, { errors: [{ pointer, detail }] });
}
