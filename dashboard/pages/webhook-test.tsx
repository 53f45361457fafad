import { useState } from 'preact/hooks';
import type { DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';
import { statusAfter } from '../../shared/webhooks/delivery-status.ts';
import { call } from '../api/client.ts';
import { Field } from '../parts/field.tsx';
import { duration } from '../parts/format.ts';
import { DeliveryBadge } from '../parts/status.tsx';
import { attempt } from '../parts/toast.tsx';

/** Sends a signed test event, and shows what the receiver said. */
export function WebhookTest() {
  const [url, setUrl] = useState('');
  const [record, setRecord] = useState<DeliveryRecord>();
  const [isSending, setSending] = useState(false);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    setSending(true);
    setRecord(undefined);
    await attempt(async () =>
      setRecord(await call<DeliveryRecord>('/webhooks/test', { method: 'POST', json: { url } })),
    );
    setSending(false);
  };
  return (
    <section class="card" aria-labelledby="test-heading">
      <header>
        <h2 id="test-heading">Test a receiver</h2>
      </header>
      <form class="body" onSubmit={(event) => void send(event)}>
        <div class="inline">
          <Field label="URL">
            <input
              type="url"
              required
              placeholder="https://example.org/hook"
              value={url}
              onInput={(event) => setUrl(event.currentTarget.value)}
            />
          </Field>
          <button type="submit" disabled={isSending}>
            Send
          </button>
        </div>
        <p aria-live="polite" class="muted">
          {record ? (
            <>
              <DeliveryBadge status={statusAfter(record)} /> {record.status ? `HTTP ${record.status} · ` : ''}
              {duration((record.duration_ms ?? 0) / 1000)} {record.error ?? ''}
            </>
          ) : (
            'A signed webhook.test is sent once.'
          )}
        </p>
      </form>
    </section>
  );
}
