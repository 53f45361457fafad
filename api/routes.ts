import { createJobRoutes } from './jobs/routes.ts';
import type { JobHandlerParts } from './jobs/handlers.ts';
import { createModelRoutes } from './models/routes.ts';
import { createOperationRoutes } from './operations/routes.ts';
import { createTenantJobRoutes } from './tenants/job-routes.ts';
import { createTenantRoutes } from './tenants/routes.ts';
import { createWebhookRoutes } from './webhooks/routes.ts';
import type { Route } from './http/route.ts';

type Parts = JobHandlerParts &
  Parameters<typeof createModelRoutes>[0] &
  Parameters<typeof createWebhookRoutes>[0] &
  Parameters<typeof createTenantRoutes>[0] &
  Parameters<typeof createOperationRoutes>[0];

/** All that the API does: what Express serves, what is authorized, what the OpenAPI document says. */
export function createRoutes(parts: Parts): Route[] {
  const jobs = createJobRoutes(parts);
  return [
    ...jobs,
    ...createModelRoutes(parts),
    ...createTenantRoutes(parts),
    ...createTenantJobRoutes(jobs, parts.audit),
    ...createWebhookRoutes(parts),
    ...createOperationRoutes(parts),
  ];
}
