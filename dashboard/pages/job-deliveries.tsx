import type { DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';
import { statusAfter } from '../../shared/webhooks/delivery-status.ts';
import { call } from '../api/client.ts';
import { useMay } from '../api/identity.ts';
import { duration, moment } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { DeliveryBadge } from '../parts/status.tsx';
import { attempt } from '../parts/toast.tsx';

export interface JobDeliveriesProps {
  deliveries: readonly DeliveryRecord[];
  path: string;
  isForeign: boolean;
}

/** Each attempt to tell of the job. */
export function JobDeliveries({ deliveries, path, isForeign }: JobDeliveriesProps) {
  const may = useMay();
  if (deliveries.length === 0) return null;
  const ids = [...new Set(deliveries.map(({ id }) => id))];
  return (
    <section class="card" aria-labelledby="deliveries-heading">
      <header>
        <h2 id="deliveries-heading">Webhook</h2>
        {may('jobs:write') && !isForeign && (
          <span class="actions">
            {ids.map((id) => (
              <button key={id} type="button" onClick={() => void replay(path, id)}>
                <Icon name="retry" /> Replay
              </button>
            ))}
          </span>
        )}
      </header>
      <AttemptTable attempts={deliveries} />
    </section>
  );
}

export function replay(path: string, id: string): Promise<boolean> {
  return attempt(() => call(`${path}/deliveries/${id}/redeliver`, { method: 'POST' }), 'It is sent again.');
}

export function AttemptTable({ attempts }: { attempts: readonly DeliveryRecord[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Attempt</th>
            <th scope="col">Event</th>
            <th scope="col">When</th>
            <th scope="col">Outcome</th>
            <th scope="col" class="number">
              HTTP
            </th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col">Says</th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((record) => (
            <tr key={`${record.id} ${record.attempt} ${record.at}`}>
              <td>{record.attempt}</td>
              <td class="mono">{record.event}</td>
              <td>{moment(record.at)}</td>
              <td>
                <DeliveryBadge status={statusAfter(record)} />
              </td>
              <td class="number">{record.status ?? '–'}</td>
              <td class="number">
                {duration(record.duration_ms === undefined ? null : record.duration_ms / 1000)}
              </td>
              <td class="wrap">
                {record.error ?? (record.next_at === null ? '' : `next ${moment(record.next_at)}`)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
