import { useState } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { Delivery } from '../../shared/webhooks/delivery-record.ts';
import { DELIVERY_STATUSES } from '../../shared/webhooks/delivery-status.ts';
import type { Page } from '../api/bodies.ts';
import { call } from '../api/client.ts';
import { useMay } from '../api/identity.ts';
import { useResource } from '../api/resource.ts';
import { Empty, FaultNote } from '../parts/empty.tsx';
import { count, moment, shortId } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { Live } from '../parts/live.tsx';
import { DeliveryBadge } from '../parts/status.tsx';
import { attempt, say } from '../parts/toast.tsx';
import { AttemptTable, replay } from './job-deliveries.tsx';
import { WebhookSecret } from './webhook-secret.tsx';
import { WebhookTest } from './webhook-test.tsx';

const EVERY_MS = 3000;
const DAY_MS = 86_400_000;
const COMMAND = `npx inferq submit language-id -i text='Guten Morgen' --webhook https://example.org/hook`;

/** Who was told of which job, and what they said to it. */
export function WebhooksPage() {
  const may = useMay();
  const [status, setStatus] = useState('');
  const path = `/webhooks/deliveries?limit=100${status === '' ? '' : `&status=${status}`}`;
  const { data, fault, readAt, refresh } = useResource<Page<Delivery>>(path, EVERY_MS);
  return (
    <>
      <header class="page">
        <h1>Webhooks</h1>
        <Live fault={fault} readAt={readAt} />
        {may('jobs:write') && (
          <span class="actions">
            <button type="button" onClick={() => void recover().then(refresh)}>
              <Icon name="retry" /> Replay all that failed today
            </button>
          </span>
        )}
      </header>
      <FaultNote fault={fault} />
      {may('jobs:write') && (
        <div class="columns">
          <WebhookSecret />
          <WebhookTest />
        </div>
      )}
      <section class="card" aria-labelledby="deliveries-heading">
        <header>
          <h2 id="deliveries-heading">Deliveries</h2>
          <span class="segments actions" role="group" aria-label="Only of a status">
            {['', ...DELIVERY_STATUSES].map((each) => (
              <button key={each} type="button" aria-pressed={status === each} onClick={() => setStatus(each)}>
                {each === '' ? 'all' : each}
              </button>
            ))}
          </span>
        </header>
        {data?.data.length === 0 && <NoDeliveries isFiltered={status !== ''} />}
        {data?.data.map((delivery) => (
          <DeliveryRow key={delivery.id} delivery={delivery} onChange={refresh} />
        ))}
        {data?.next && (
          <p class="muted note">The newest {data.data.length}. The API has the rest, page by page.</p>
        )}
      </section>
    </>
  );
}

function NoDeliveries({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty icon="search" title="No delivery of this status" />;
  return (
    <Empty icon="webhooks" title="No webhook was sent yet" command={COMMAND}>
      Name a webhook in a job, and its end is told there.
    </Empty>
  );
}

async function recover(): Promise<void> {
  await attempt(async () => {
    const since = new Date(Date.now() - DAY_MS).toISOString();
    const { count: sent } = await call<{ count: number }>('/webhooks/redeliver', {
      method: 'POST',
      json: { since },
    });
    say(sent === 0 ? 'None failed in the last 24 hours.' : `${count(sent)} sent again.`);
  });
}

function DeliveryRow({ delivery, onChange }: { delivery: Delivery; onChange: () => Promise<void> }) {
  const may = useMay();
  const { id, job, event, url, status, created_at: created, next_at: next, attempts } = delivery;
  const again = (): Promise<void> => replay(`/jobs/${job}`, id).then(onChange);
  return (
    <details class="delivery">
      <summary>
        <Icon name="right" />
        <DeliveryBadge status={status} />
        <span class="mono">{event}</span>
        <span class="url">{url}</span>
        <span class="muted">
          {attempts.length === 1 ? '1 attempt' : `${attempts.length} attempts`}
          {next !== null && `, next ${moment(next)}`}
        </span>
        <time class="muted">{moment(created)}</time>
      </summary>
      <div class="body">
        <div class="actions">
          <Link class="button" href={`/jobs/${job}`}>
            Job {shortId(job)}
          </Link>
          {may('jobs:write') && (
            <button type="button" onClick={() => void again()}>
              <Icon name="retry" /> Replay
            </button>
          )}
        </div>
        <AttemptTable attempts={attempts} />
      </div>
    </details>
  );
}
