import { Type } from 'typebox';
import type { Readiness } from '../../shared/observe/readiness.ts';
import type { Usage } from '../../shared/redis/usage.ts';
import type { Route } from '../http/route.ts';
import { Failures, showFailures } from '../tenants/failures.ts';
import { Identity, showIdentity } from './identity.ts';
import { createOverviewHandler, Overview, type OverviewParts } from './overview.ts';

const Report = Type.Object({
  ready: Type.Boolean(),
  checks: Type.Record(Type.String(), Type.String()),
  warnings: Type.Array(Type.String(), {
    description: 'What is not as it should be, such as a change of the model files with a fault in it',
  }),
});

export interface OperationParts extends OverviewParts {
  readiness: Readiness;
  usage: Usage;
}

/** What a load balancer asks, and a person first of all. `/metrics` is on the second listener only. */
export function createOperationRoutes(parts: OperationParts): Route[] {
  return [
    {
      method: 'get',
      path: '/me',
      tag: 'Operations',
      summary: 'Whom your credential stands for, and what it allows',
      scope: 'any',
      answers: { 200: { description: 'You', schema: Identity } },
      handle: showIdentity,
    },
    {
      method: 'get',
      path: '/overview',
      tag: 'Operations',
      summary: 'Each model in a line; for admins also the workers and Redis',
      description: 'Cheap enough to be asked every second or two.',
      scope: 'models:read',
      answers: { 200: { description: 'How it stands', schema: Overview } },
      handle: createOverviewHandler(parts),
    },
    {
      method: 'get',
      path: '/failures',
      tag: 'Operations',
      summary: 'How many of your jobs failed with what, today and yesterday (UTC)',
      scope: 'jobs:read',
      answers: { 200: { description: 'By model and error, most first', schema: Failures } },
      handle: ({ principal }) => showFailures(parts.usage, principal.tenant),
    },
    {
      method: 'get',
      path: '/healthz',
      tag: 'Operations',
      summary: 'Whether the process lives',
      scope: 'public',
      answers: { 200: { description: 'It does', schema: Type.Object({ status: Type.String() }) } },
      handle: async () => ({ status: 200, value: { status: 'ok' } }),
    },
    {
      method: 'get',
      path: '/readyz',
      tag: 'Operations',
      summary: 'Whether it can serve: Redis answers, the models are read',
      scope: 'public',
      answers: {
        200: { description: 'It can', schema: Report },
        503: { description: 'It cannot now', schema: Report },
      },
      handle: async () => {
        const report = await parts.readiness.report();
        return { status: report.ready ? 200 : 503, value: report };
      },
    },
  ];
}
