import { Type } from 'typebox';
import type { AuditLog } from '../../shared/redis/audit-log.ts';
import { noteIn } from '../http/note.ts';
import type { Call, Route } from '../http/route.ts';

/** The routes of one's own jobs that an admin has for those of any tenant, and what the audit log calls them. */
const SHARED: Readonly<Record<string, string | undefined>> = {
  'get /jobs': undefined,
  'get /jobs/{id}': undefined,
  'get /jobs/{id}/output': undefined,
  'get /jobs/{id}/events': undefined,
  'get /jobs/{id}/deliveries': undefined,
  'post /jobs/{id}/cancel': 'job.cancel',
  'post /jobs/{id}/retry': 'job.retry',
};

const tenant = { name: 'id', in: 'path' as const, description: "The tenant's name", schema: Type.String() };
const job = { name: 'job', in: 'path' as const, description: "The job's id", schema: Type.String() };

/**
 * What an admin can see and do of the jobs of any tenant: `/tenants/{id}/jobs…`. Each is the tenant's own route, asked
 * in its name; nothing else reaches across tenants.
 */
export function createTenantJobRoutes(own: readonly Route[], audit: AuditLog): Route[] {
  const note = noteIn(audit);
  return own
    .filter(({ method, path }) => `${method} ${path}` in SHARED)
    .map((route) => {
      const action = SHARED[`${route.method} ${route.path}`];
      return {
        ...route,
        path: `/tenants/{id}${route.path.replace('{id}', '{job}')}`,
        tag: 'Tenants',
        scope: 'admin',
        summary: `${route.summary}: for admins, of any tenant`,
        parameters: [tenant, ...(route.parameters ?? []).map((each) => (each.name === 'id' ? job : each))],
        handle: async (call) => {
          const answer = await route.handle(inTheNameOf(call));
          const { id = '', job: of = '' } = call.parameters;
          if (action !== undefined) await note(call, action, `${id}/${of}`);
          return answer;
        },
      };
    });
}

function inTheNameOf(call: Call): Call {
  const { id = '', job: of = '' } = call.parameters;
  return {
    principal: { ...call.principal, tenant: id },
    parameters: { id: of },
    base: `/tenants/${encodeURIComponent(id)}`,
    requestId: call.requestId,
    traceparent: call.traceparent,
    address: call.address,
    query: call.query,
    header: (name) => call.header(name),
    body: call.body,
    bodyBytes: call.bodyBytes,
    inTurn: call.inTurn,
    get signal() {
      return call.signal;
    },
  };
}
