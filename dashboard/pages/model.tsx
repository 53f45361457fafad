import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { EndpointView, ModelView, Overview } from '../api/bodies.ts';
import { call } from '../api/client.ts';
import { useMay } from '../api/identity.ts';
import { useResource } from '../api/resource.ts';
import { Confirm } from '../parts/dialog.tsx';
import { Empty, FaultNote } from '../parts/empty.tsx';
import { ago, count, duration, rate } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { JsonView } from '../parts/json-view.tsx';
import { Stat } from '../parts/stat.tsx';
import { Badge, CircuitBadge } from '../parts/status.tsx';
import { attempt, say } from '../parts/toast.tsx';
import { ActivityChart } from '../parts/activity-chart.tsx';

const EVERY_MS = 2000;

/** One model: how it stands, where it is, what it takes; and the levers. */
export function ModelPage({ name }: { name: string }) {
  const {
    data: model,
    fault,
    refresh,
  } = useResource<ModelView>(`/models/${encodeURIComponent(name)}`, EVERY_MS);
  const { data: overview } = useResource<Overview>('/overview', EVERY_MS);
  if (!model) {
    if (fault === undefined) return <div class="splash" aria-busy="true" />;
    return (
      <Empty icon="warning" title="There is no such model here" command="npx inferq models ls">
        {fault}
      </Empty>
    );
  }
  const line = overview?.models.find((each) => each.name === model.name && each.version === model.version);
  return (
    <>
      <header class="page">
        <h1>
          {model.name}
          <span class="muted">@{model.version}</span>
        </h1>
        {model.paused && <Badge tone="warn">paused</Badge>}
        <span class="actions">
          <Levers model={model} onChange={refresh} />
        </span>
      </header>
      {model.description !== null && <p class="muted lead">{model.description}</p>}
      <FaultNote fault={fault} />
      <Figures model={model} perSecond={line?.activity.rate ?? 0} />
      {line && <ActivityChart activity={line.activity} />}
      <Endpoints endpoints={model.endpoints} />
      <div class="columns">
        <SchemaCard title="Input schema" schema={model.input_schema} />
        <SchemaCard title="Output schema" schema={model.output_schema} />
      </div>
      {model.spec && <SchemaCard title={`Spec, from ${sourceOf(model.source)}`} schema={model.spec} />}
    </>
  );
}

function sourceOf(source: ModelView['source']): string {
  return source === 'api' ? 'the API' : source === 'cluster' ? 'a cluster' : 'a file';
}

function Figures({ model, perSecond }: { model: ModelView; perSecond: number }) {
  const { backlog, oldest_wait: oldest, running, p50, p95, p99, wait_p50, wait_p95, wait_p99 } = model;
  return (
    <div class="stats">
      <Stat
        label="Waiting"
        value={count(backlog)}
        more={oldest === null ? 'nobody waits' : `longest ${duration(oldest)}`}
      />
      <Stat label="Running" value={count(running)} more="calls under way" />
      <Stat label="Jobs a second" value={rate(perSecond)} more="last half minute" />
      <Stat label="Wait, p50" value={duration(wait_p50)} more={higher(wait_p95, wait_p99)} />
      <Stat label="Run, p50" value={duration(p50)} more={higher(p95, p99)} />
    </div>
  );
}

function higher(high: number | null, highest: number | null): string {
  return `p95 ${duration(high)} · p99 ${duration(highest)}`;
}

function Levers({ model, onChange }: { model: ModelView; onChange: () => Promise<void> }) {
  const may = useMay();
  const [isAsking, setAsking] = useState(false);
  const post = async (action: 'pause' | 'resume', done: string): Promise<void> => {
    await attempt(() => call(`/models/${model.name}/${action}`, { method: 'POST' }), done);
    await onChange();
  };
  return (
    <>
      {may('jobs:write') && (
        <Link class="button" href={`/playground?model=${model.name}@${model.version}`}>
          <Icon name="playground" /> Test call
        </Link>
      )}
      {may('models:write') && (
        <>
          <button type="button" onClick={() => setAsking(true)}>
            <Icon name="retry" /> Redrive the failed
          </button>
          {model.paused ? (
            <button
              type="button"
              class="primary"
              onClick={() => void post('resume', 'Its jobs start again.')}
            >
              Resume
            </button>
          ) : (
            <button type="button" onClick={() => void post('pause', 'Its jobs wait now.')}>
              <Icon name="pause" /> Pause
            </button>
          )}
        </>
      )}
      {isAsking && (
        <Confirm
          title={`Redrive ${model.name}`}
          action="Queue them again"
          onClose={() => setAsking(false)}
          onConfirm={() => void redrive(`${model.name}@${model.version}`)}
        >
          Failed jobs {may('admin') ? 'of all tenants' : 'of your tenant'} whose input is still kept are
          queued again, up to a thousand, the oldest first.
        </Confirm>
      )}
    </>
  );
}

async function redrive(name: string): Promise<void> {
  await attempt(async () => {
    const { redriven, stopped } = await call<{ redriven: number; stopped: string | null }>(
      `/models/${encodeURIComponent(name)}/redrive`,
      { method: 'POST', json: { limit: 1000 } },
    );
    say(`${count(redriven)} queued again${stopped === null ? '' : ', and there are more'}.`);
  });
}

function Endpoints({ endpoints }: { endpoints: EndpointView[] }) {
  const may = useMay();
  const now = Date.now();
  return (
    <section class="card" aria-labelledby="endpoints-heading">
      <h2 id="endpoints-heading">Endpoints</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Endpoint</th>
              <th scope="col">Breaker</th>
              <th scope="col">Since</th>
              <th scope="col" class="number">
                Weight
              </th>
              <th scope="col" class="number">
                Priority
              </th>
              {may('admin') && <th scope="col">Last failure</th>}
            </tr>
          </thead>
          <tbody>
            {endpoints.map((endpoint, index) => (
              <tr key={endpoint.url ?? index}>
                <th scope="row" class="mono">
                  {endpoint.url ?? `endpoint ${index + 1}`}
                </th>
                <td>
                  <CircuitBadge state={endpoint.state} failing={endpoint.failing} />
                </td>
                <td>{endpoint.since === null ? '–' : ago(endpoint.since, now)}</td>
                <td class="number">{endpoint.weight}</td>
                <td class="number">{endpoint.priority}</td>
                {may('admin') && <td class="wrap">{endpoint.error ?? '–'}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function SchemaCard({ title, schema }: { title: string; schema: object }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      <div class="body">
        <JsonView value={schema} label={title} />
      </div>
    </section>
  );
}
