import { Link } from 'wouter-preact';
import type { Overview } from '../api/bodies.ts';
import { useMay } from '../api/identity.ts';
import { useResource } from '../api/resource.ts';
import { Empty, FaultNote } from '../parts/empty.tsx';
import { ago, bytes, count, duration, rate } from '../parts/format.ts';
import { Live } from '../parts/live.tsx';
import { succeeded } from '../parts/activity-chart.tsx';
import { Sparkline } from '../parts/sparkline.tsx';
import { Badge, CircuitBadge } from '../parts/status.tsx';
import { Stat } from '../parts/stat.tsx';

const EVERY_MS = 2000;

type ModelLine = Overview['models'][number];

/** What waits, what runs, what fails, and on what: all of it at a glance. */
export function OverviewPage() {
  const { data, fault, readAt } = useResource<Overview>('/overview', EVERY_MS);
  return (
    <>
      <header class="page">
        <h1>Overview</h1>
        <Live fault={fault} readAt={readAt} />
      </header>
      <FaultNote fault={fault} />
      {data && <Totals overview={data} />}
      {data && <Models models={data.models} />}
      {data?.workers && <Workers workers={data.workers} at={data.at} />}
    </>
  );
}

function Totals({ overview: { models, workers, redis } }: { overview: Overview }) {
  const sum = (of: (model: ModelLine) => number): number =>
    models.reduce((total, model) => total + of(model), 0);
  const failed = sum(({ activity }) => total(activity.failed));
  return (
    <div class="stats">
      <Stat label="Waiting" value={count(sum(({ backlog }) => backlog))} more={longest(models)} />
      <Stat label="Running" value={count(sum(({ running }) => running))} more="calls of models" />
      <Stat
        label="Jobs a second"
        value={rate(sum(({ activity }) => activity.rate))}
        more="last half minute"
      />
      <Stat label="Failed" value={count(failed)} more="last five minutes" isBad={failed > 0} />
      {workers && (
        <Stat
          label="Workers"
          value={count(workers.length)}
          more={workers.length === 0 ? 'nobody takes jobs' : `${runningIn(workers)} runs in hand`}
          isBad={workers.length === 0}
        />
      )}
      {redis && <RedisStat redis={redis} />}
    </div>
  );
}

/** Where what was accepted is when a client is told so. */
const PROMISES = {
  memory: 'a 202 is in memory',
  fsync: 'a 202 is on disk',
  replicated: 'a 202 is on replicas',
} as const;

function RedisStat({ redis: { memory, durability } }: { redis: NonNullable<Overview['redis']> }) {
  const of = memory && memory.limit > 0 ? `, of ${bytes(memory.limit)}` : '';
  return (
    <Stat
      label={`Redis${of}`}
      value={memory ? bytes(memory.used) : 'cluster'}
      more={`${durability}: ${PROMISES[durability]}`}
    />
  );
}

function longest(models: ModelLine[]): string {
  const waits = models.map(({ oldest_wait: wait }) => wait ?? 0);
  const most = Math.max(0, ...waits);
  return most === 0 ? 'nobody waits' : `longest ${duration(most)}`;
}

function runningIn(workers: NonNullable<Overview['workers']>): string {
  return count(workers.reduce((sum, { running }) => sum + running, 0));
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function Models({ models }: { models: ModelLine[] }) {
  if (models.length === 0)
    return (
      <Empty icon="models" title="No model is served" command="npx inferq models add my-model.yaml">
        Register one, or name a file of models in INFERQ_MODELS.
      </Empty>
    );
  return (
    <section class="card" aria-labelledby="models-heading">
      <h2 id="models-heading">Models</h2>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="models-heading">
        <table class="overview">
          <thead>
            <tr>
              <th scope="col">Model</th>
              <th scope="col" class="number">
                Waiting
              </th>
              <th scope="col" class="number">
                Oldest
              </th>
              <th scope="col" class="number">
                Running
              </th>
              <th scope="col" class="number">
                Jobs/s
              </th>
              <th scope="col" class="number" title="p50, p95 and p99 of the time until a job starts">
                Wait p50 · p95 · p99
              </th>
              <th scope="col" class="number" title="p50, p95 and p99 of the time that a run takes">
                Run p50 · p95 · p99
              </th>
              <th scope="col" class="number">
                Cache
              </th>
              <th scope="col">Endpoints</th>
              <th scope="col">Last 5 minutes</th>
            </tr>
          </thead>
          <tbody>
            {models.map((model) => (
              <ModelRow key={`${model.name}@${model.version}`} model={model} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function ModelRow({ model }: { model: ModelLine }) {
  const { name, version, activity, paused } = model;
  const failed = total(activity.failed);
  return (
    <tr>
      <th scope="row">
        <Link href={`/models/${name}@${version}`}>{name}</Link>
        <span class="muted">@{version}</span> {paused && <Badge tone="warn">paused</Badge>}
      </th>
      <td class="number">{count(model.backlog)}</td>
      <td class="number">{duration(model.oldest_wait)}</td>
      <td class="number">{count(model.running)}</td>
      <td class="number">{rate(activity.rate)}</td>
      <td class="number">
        <Quantiles values={[model.wait_p50, model.wait_p95, model.wait_p99]} />
      </td>
      <td class="number">
        <Quantiles values={[model.p50, model.p95, model.p99]} />
      </td>
      <td class="number">{cacheShare(activity)}</td>
      <td>
        <CircuitBadge state={model.state} failing={model.failing} />
      </td>
      <td>
        <Sparkline
          series={[
            { values: activity.failed, color: '--bad' },
            { values: activity.hits, color: '--good' },
            { values: succeeded(activity), color: '--accent' },
          ]}
          width={140}
          height={28}
          label={`${name}: ${count(total(activity.ended) + total(activity.hits))} jobs ended in five minutes, ${failed} failed`}
        />
      </td>
    </tr>
  );
}

function Quantiles({ values }: { values: (number | null)[] }) {
  if (values.every((value) => value === null)) return <span class="muted">–</span>;
  return (
    <span class="quantiles">
      {values.map((value, index) => (
        <span key={index}>{duration(value)}</span>
      ))}
    </span>
  );
}

/** How many of the answers of the last minutes came from the cache. */
function cacheShare({ ended, hits }: ModelLine['activity']): string {
  const all = total(ended) + total(hits);
  return all === 0 ? '–' : `${Math.round((100 * total(hits)) / all)} %`;
}

function Workers({ workers, at }: { workers: NonNullable<Overview['workers']>; at: string }) {
  const may = useMay();
  if (!may('admin')) return null;
  if (workers.length === 0)
    return (
      <Empty icon="warning" title="No worker is running" command="npm run worker">
        Jobs are accepted and wait until one comes.
      </Empty>
    );
  const now = Date.parse(at);
  return (
    <section class="card" aria-labelledby="workers-heading">
      <h2 id="workers-heading">Workers</h2>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="workers-heading">
        <table class="workers">
          <thead>
            <tr>
              <th scope="col">Worker</th>
              <th scope="col">Does</th>
              <th scope="col" class="number">
                Running
              </th>
              <th scope="col" class="number">
                Version
              </th>
              <th scope="col" class="number">
                Up for
              </th>
              <th scope="col" class="number">
                Seen
              </th>
            </tr>
          </thead>
          <tbody>
            {workers.map((worker) => (
              <tr key={worker.name}>
                <th scope="row" class="mono">
                  {worker.name}
                </th>
                <td>{worker.roles.join(', ')}</td>
                <td class="number">{count(worker.running)}</td>
                <td class="number">{worker.version}</td>
                <td class="number">{duration(Math.max(0, now - Date.parse(worker.started_at)) / 1000)}</td>
                <td class="number">{ago(worker.seen_at, now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
