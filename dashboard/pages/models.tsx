import { Link } from 'wouter-preact';
import type { ModelView, Page } from '../api/bodies.ts';
import { useResource } from '../api/resource.ts';
import { Empty, FaultNote } from '../parts/empty.tsx';
import { count, duration } from '../parts/format.ts';
import { Live } from '../parts/live.tsx';
import { Badge, CircuitBadge } from '../parts/status.tsx';

const EVERY_MS = 3000;

/** The models that one may use, a card each. */
export function ModelsPage() {
  const { data, fault, readAt } = useResource<Page<ModelView>>('/models', EVERY_MS);
  return (
    <>
      <header class="page">
        <h1>Models</h1>
        <Live fault={fault} readAt={readAt} />
      </header>
      <FaultNote fault={fault} />
      {data?.data.length === 0 && (
        <Empty icon="models" title="No model that you may use" command="npx inferq models add my-model.yaml">
          An admin registers one with this, or in a file of INFERQ_MODELS.
        </Empty>
      )}
      <div class="cards">
        {data?.data.map((model) => (
          <ModelCard key={`${model.name}@${model.version}`} model={model} />
        ))}
      </div>
    </>
  );
}

function ModelCard({ model }: { model: ModelView }) {
  const { name, version, description, protocol, paused, backlog, running, p50, p95 } = model;
  const states = new Set(model.endpoints.map(({ state }) => state));
  const worst = (['open', 'half-open', 'closed'] as const).find((state) => states.has(state)) ?? 'unknown';
  return (
    <article class="card model">
      <header>
        <h2>
          <Link href={`/models/${name}@${version}`}>{name}</Link>
          <span class="muted">@{version}</span>
        </h2>
        {paused && <Badge tone="warn">paused</Badge>}
        <CircuitBadge state={worst} failing={model.endpoints.some(({ failing }) => failing)} />
      </header>
      <div class="body">
        <p class="muted clamp">{description ?? 'No description.'}</p>
        <dl class="facts small">
          <div>
            <dt>Protocol</dt>
            <dd class="mono">{protocol}</dd>
          </div>
          <div>
            <dt>Waiting</dt>
            <dd>{count(backlog)}</dd>
          </div>
          <div>
            <dt>Running</dt>
            <dd>{count(running)}</dd>
          </div>
          <div>
            <dt>Run p50 · p95</dt>
            <dd>
              {duration(p50)} · {duration(p95)}
            </dd>
          </div>
        </dl>
      </div>
    </article>
  );
}
