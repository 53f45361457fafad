import { Type } from 'typebox';
import type { Readiness } from '../../shared/observe/readiness.ts';
import type { Route } from '../http/route.ts';

const Report = Type.Object({
  ready: Type.Boolean(),
  checks: Type.Record(Type.String(), Type.String()),
  warnings: Type.Array(Type.String(), {
    description: 'What is not as it should be, such as a change of the model files with a fault in it',
  }),
});

/** What a load balancer asks. `/metrics` is on the second listener only. */
export function createOperationRoutes({ readiness }: { readiness: Readiness }): Route[] {
  return [
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
        const report = await readiness.report();
        return { status: report.ready ? 200 : 503, value: report };
      },
    },
  ];
}
