import { Type, type Static } from 'typebox';
import type { Model } from '../../shared/models/registry.ts';
import { hasScope, type Principal } from '../../shared/principal.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import { DURABILITIES, type Durability } from '../../shared/redis/durability.ts';
import { readMemory } from '../../shared/redis/memory.ts';
import { readOwedWebhooks } from '../../shared/redis/owed-webhooks.ts';
import type { EndpointReports } from '../../shared/redis/endpoint-reports.ts';
import type { ModelBacklogs } from '../../shared/redis/model-backlogs.ts';
import type { ModelSpeeds } from '../../shared/redis/model-speeds.ts';
import type { WorkerPresence, WorkerPresences } from '../../shared/redis/worker-presence.ts';
import { toTime } from '../../shared/stored-job.ts';
import { endpointsOf, EndpointView } from '../models/endpoint-view.ts';
import { ModelView } from '../models/model-view.ts';
import { usableModels, type UsableModelsParts } from '../models/usable-models.ts';
import type { Answer, Call } from '../http/route.ts';

const Count = Type.Integer({ minimum: 0 });
const Time = Type.String({ format: 'date-time' });
const { state } = EndpointView.properties;
const { name, version, protocol, paused, backlog, running, oldest_wait, p50, p95, p99, ...more } =
  ModelView.properties;
const { wait_p50, wait_p95, wait_p99 } = more;

const ModelLine = Type.Object({
  name,
  version,
  protocol,
  paused,
  backlog,
  running,
  oldest_wait,
  p50,
  p95,
  p99,
  wait_p50,
  wait_p95,
  wait_p99,
  state: { ...state, description: 'Of the circuit breaker that is worst off among its endpoints' },
  failing: Type.Boolean({ description: 'Whether the last call of one of its endpoints failed by its fault' }),
  activity: Type.Object(
    {
      step: Type.Number({ description: 'Seconds that each number is for' }),
      ended: Type.Array(Count, { description: 'Jobs that ended; the last number is of a step not over yet' }),
      failed: Type.Array(Count, { description: 'Of these, those that failed' }),
      hits: Type.Array(Count, { description: 'Jobs answered from the cache' }),
      rate: Type.Number({
        description: 'Jobs that ended or were answered a second, in the last half minute',
      }),
    },
    { description: 'Of all tenants, over the last five minutes' },
  ),
});

const WorkerLine = Type.Object({
  name: Type.String(),
  version: Type.String(),
  roles: Type.Array(Type.String(), { description: 'models, webhooks' }),
  running: Type.Integer({ description: 'Runs in hand' }),
  started_at: Time,
  seen_at: Time,
  warnings: Type.Array(Type.String(), {
    description: 'What of the models it cannot use, and why: a secret that is missing there, say',
  }),
});

export const Overview = Type.Object({
  at: Time,
  models: Type.Array(ModelLine),
  workers: Type.Union([Type.Array(WorkerLine), Type.Null()], { description: 'For admins' }),
  webhooks: Type.Union(
    [
      Type.Object({
        owed: Type.Integer({
          minimum: 0,
          description: 'That have not arrived, also those whose next attempt is to come',
        }),
        overdue: Type.Number({
          minimum: 0,
          description: 'Seconds that the one has been due that has been so longest; 0 where none is',
        }),
      }),
      Type.Null(),
    ],
    { description: 'For admins' },
  ),
  redis: Type.Union(
    [
      Type.Object({
        durability: Type.Enum([...DURABILITIES], { description: 'What a 202 waits for' }),
        memory: Type.Union([
          Type.Object({ used: Count, limit: Type.Integer({ description: 'In bytes; 0 is none' }) }),
          Type.Null(),
        ]),
      }),
      Type.Null(),
    ],
    { description: 'For admins; the memory of a cluster is not told' },
  ),
});
export type Overview = Static<typeof Overview>;

export interface OverviewParts extends UsableModelsParts {
  redis: RedisConnection;
  backlogs: ModelBacklogs;
  speeds: ModelSpeeds;
  reports: EndpointReports;
  presences: WorkerPresences;
  durability: Durability;
}

/** What a person looks at first: each model in a line, and for admins what all of it runs on. */
export function createOverviewHandler(parts: OverviewParts) {
  return async ({ principal }: Call): Promise<Answer> => {
    const now = Date.now();
    const models = await usableModels(parts, principal);
    const [lines, shared] = await Promise.all([
      Promise.all(models.map((model) => lineOf(parts, model, principal, now))),
      hasScope(principal, 'admin') ? foundations(parts) : { workers: null, webhooks: null, redis: null },
    ]);
    return { status: 200, value: { at: toTime(now), models: lines, ...shared } satisfies Overview };
  };
}

async function lineOf(
  { backlogs, speeds, reports }: OverviewParts,
  model: Model,
  principal: Principal,
  now: number,
): Promise<Overview['models'][number]> {
  const { spec, code } = model;
  const [load, lately, endpoints] = await Promise.all([
    backlogs.of(code),
    speeds.lately(code, spec.version, now),
    endpointsOf(reports, model, principal),
  ]);
  const states = new Set(endpoints.map((endpoint) => endpoint.state));
  const worst = WORST_FIRST.find((each) => states.has(each)) ?? 'unknown';
  return {
    name: spec.name,
    version: spec.version,
    protocol: spec.protocol,
    ...load,
    ...lately,
    state: worst,
    failing: endpoints.some((endpoint) => endpoint.failing),
  };
}

const WORST_FIRST = ['open', 'half-open', 'closed', 'unknown'] as const;

async function foundations({ redis, presences, durability }: OverviewParts) {
  const [workers, webhooks, memory] = await Promise.all([
    presences.list(),
    readOwedWebhooks(redis),
    readMemory(redis),
  ]);
  return { workers: workers.map(workerLine), webhooks, redis: { durability, memory: memory ?? null } };
}

function workerLine({ name, version, roles, running, startedAt, at, warnings = [] }: WorkerPresence) {
  return { name, version, roles, running, started_at: toTime(startedAt), seen_at: toTime(at), warnings };
}
