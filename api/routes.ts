import { createJobRoutes } from './jobs/routes.ts';
import type { JobHandlerParts } from './jobs/handlers.ts';
import { createModelRoutes } from './models/routes.ts';
import { createOperationRoutes } from './operations/routes.ts';
import { createTenantRoutes } from './tenants/routes.ts';
import { createWebhookRoutes } from './webhooks/routes.ts';
import type { Acceptance } from '../shared/redis/acceptance.ts';
import type { Route } from './http/route.ts';

type Parts = JobHandlerParts &
  Parameters<typeof createModelRoutes>[0] &
  Parameters<typeof createWebhookRoutes>[0] &
  Parameters<typeof createTenantRoutes>[0] &
  Parameters<typeof createOperationRoutes>[0] &
  Pick<Acceptance, 'confirmAll'>;

/** All that the API does: what Express serves, what is authorized, what the OpenAPI document says. */
export function createRoutes(parts: Parts): Route[] {
  const confirmed = confirmChanges(parts.confirmAll);
  return [
    ...createJobRoutes(parts),
    ...createModelRoutes(parts).map(confirmed),
    ...createTenantRoutes(parts).map(confirmed),
    ...createWebhookRoutes(parts).map(confirmed),
    ...createOperationRoutes(parts),
  ];
}

/** What a client is told to be done must not be undone. Changes of jobs see to that by themselves. */
function confirmChanges(confirmAll: Acceptance['confirmAll']): (route: Route) => Route {
  return (route) =>
    route.method === 'get' ? route : { ...route, handle: (call) => confirmAll(() => route.handle(call)) };
}
