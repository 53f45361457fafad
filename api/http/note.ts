import type { AuditLog } from '../../shared/redis/audit-log.ts';
import type { Call } from './route.ts';

/** Writes down who has just done what to what. */
export function noteIn(audit: AuditLog): (call: Call, action: string, target: string) => Promise<void> {
  return (call, action, target) =>
    audit.add({
      tenant: call.principal.tenant,
      subject: call.principal.subject,
      action,
      target,
      address: call.address,
      request_id: call.requestId,
    });
}
