import { Type, type Static } from 'typebox';
import { endpointId, endpointName } from '../../shared/endpoint-name.ts';
import type { Model } from '../../shared/models/registry.ts';
import { hasScope, type Principal } from '../../shared/principal.ts';
import type { EndpointReport, EndpointReports } from '../../shared/redis/endpoint-reports.ts';
import { toTime } from '../../shared/stored-job.ts';

const nullable = <T extends ReturnType<typeof Type.String>>(schema: T) => Type.Union([schema, Type.Null()]);

/** An endpoint of a model as clients see it; its address, and what it said, are for admins. */
export const EndpointView = Type.Object({
  url: Type.Optional(Type.String({ description: 'Without credentials and query; for admins' })),
  weight: Type.Number(),
  priority: Type.Integer(),
  state: Type.Enum(['closed', 'open', 'half-open', 'unknown'], {
    description: 'Of its circuit breaker, at the worker that thinks worst of it; unknown: not called of late',
  }),
  failing: Type.Boolean({ description: 'Whether its last call failed by its own fault' }),
  since: nullable(Type.String({ format: 'date-time' })),
  error: Type.Optional(nullable(Type.String({ description: 'Its last failure; for admins' }))),
});
type EndpointView = Static<typeof EndpointView>;

/** The endpoints of a model, as its workers have found them. */
export async function endpointsOf(
  reports: EndpointReports,
  { code, spec }: Model,
  principal: Principal,
): Promise<EndpointView[]> {
  const said = await reports.read(code);
  const isAdmin = hasScope(principal, 'admin');
  return spec.endpoints.map(({ url, weight, priority }) => {
    const own = said.filter(({ id }) => id === endpointId(url));
    const worst = worstOf(own);
    return {
      ...(isAdmin ? { url: endpointName(url) } : {}),
      weight,
      priority,
      state: worst?.state ?? 'unknown',
      failing: isFailing(own),
      since: worst ? toTime(worst.since) : null,
      ...(isAdmin ? { error: worst?.error ?? null } : {}),
    };
  });
}

const BADNESS = { closed: 0, 'half-open': 1, open: 2 } as const;

function worstOf(reports: readonly EndpointReport[]): EndpointReport | undefined {
  return reports.toSorted(
    (a, b) => BADNESS[b.state] - BADNESS[a.state] || failedAt(b) - failedAt(a) || b.at - a.at,
  )[0];
}

/** Whoever called it last knows best. */
function isFailing(reports: readonly EndpointReport[]): boolean {
  const answeredAt = Math.max(0, ...reports.map((report) => report.answeredAt ?? 0));
  return reports.some((report) => failedAt(report) > answeredAt);
}

function failedAt(report: EndpointReport): number {
  return report.failedAt ?? 0;
}
