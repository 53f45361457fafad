import { useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { AuditEntry, Page, Tenant } from '../api/bodies.ts';
import { call } from '../api/client.ts';
import { useResource } from '../api/resource.ts';
import { Dialog } from '../parts/dialog.tsx';
import { Empty, FaultNote } from '../parts/empty.tsx';
import { Field } from '../parts/field.tsx';
import { count, day, moment } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';
import { attempt } from '../parts/toast.tsx';
import { sayBudget, sayRate } from './tenant-settings.tsx';

const EVERY_MS = 5000;
const SHOWN = 20;

/** Who may use the broker, and how much of it. */
export function TenantsPage() {
  const { data, fault } = useResource<Page<Tenant>>('/tenants', EVERY_MS);
  const audit = useResource<Page<AuditEntry>>('/audit', EVERY_MS);
  const [isMaking, setMaking] = useState(false);
  return (
    <>
      <header class="page">
        <h1>Tenants</h1>
        <span class="actions">
          <button type="button" class="primary" onClick={() => setMaking(true)}>
            <Icon name="plus" /> New tenant
          </button>
        </span>
      </header>
      <FaultNote fault={fault} />
      <section class="card" aria-label="Tenants">
        {data?.data.length === 0 ? (
          <Empty
            icon="tenants"
            title="No tenant has settings yet"
            command="npx inferq tenants set acme --rate 100/60"
          >
            A tenant of a JWT may use the broker without any; API tokens are made for a tenant that is here.
          </Empty>
        ) : (
          <TenantTable tenants={data?.data ?? []} />
        )}
      </section>
      <AuditTable entries={audit.data?.data.slice(0, SHOWN) ?? []} />
      {isMaking && <NewTenant onClose={() => setMaking(false)} />}
    </>
  );
}

function TenantTable({ tenants }: { tenants: Tenant[] }) {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Tenant</th>
            <th scope="col">Rate</th>
            <th scope="col" class="number">
              May wait
            </th>
            <th scope="col" class="number">
              Weight
            </th>
            <th scope="col">Budget</th>
            <th scope="col">Models</th>
            <th scope="col">Since</th>
            <th scope="col">
              <span class="visually-hidden">Jobs</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tenants.map((tenant) => (
            <tr key={tenant.id}>
              <th scope="row">
                <Link href={`/tenants/${tenant.id}`}>{tenant.id}</Link>
              </th>
              <td>{sayRate(tenant.rate)}</td>
              <td class="number">{tenant.max_queued === null ? 'any number' : count(tenant.max_queued)}</td>
              <td class="number">{tenant.weight}</td>
              <td>{sayBudget(tenant.budget)}</td>
              <td class="mono">{tenant.models.join(', ')}</td>
              <td>{day(tenant.created_at)}</td>
              <td>
                <Link href={`/jobs?tenant=${tenant.id}`} aria-label={`Jobs of ${tenant.id}`}>
                  Jobs
                </Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AuditTable({ entries }: { entries: AuditEntry[] }) {
  if (entries.length === 0) return null;
  return (
    <section class="card" aria-labelledby="audit-heading">
      <h2 id="audit-heading">Who changed what</h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">Did</th>
              <th scope="col">To</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <tr key={entry.id}>
                <td>{moment(entry.at)}</td>
                <td>
                  {entry.tenant} <span class="muted">{entry.subject}</span>
                </td>
                <td class="mono">{entry.action}</td>
                <td class="mono">{entry.target}</td>
                <td class="mono">{entry.address}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function NewTenant({ onClose }: { onClose: () => void }) {
  const [id, setId] = useState('');
  const [, go] = useLocation();
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    const path = `/tenants/${encodeURIComponent(id)}`;
    if (await attempt(() => call(path, { method: 'PUT', json: {} }), `${id} is there.`)) go(`/tenants/${id}`);
  };
  return (
    <Dialog title="New tenant" onClose={onClose}>
      <form onSubmit={(event) => void make(event)}>
        <Field label="Name" hint="Lower-case letters, digits, _ and -">
          <input
            required
            autofocus
            pattern="[a-z0-9][a-z0-9_\-]*"
            maxLength={63}
            value={id}
            onInput={(event) => setId(event.currentTarget.value)}
          />
        </Field>
        <div class="actions">
          <button type="submit" class="primary">
            Make it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
