import { useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { Page, Tenant, UsageRow } from '../api/bodies.ts';
import { call } from '../api/client.ts';
import { useResource } from '../api/resource.ts';
import { Confirm } from '../parts/dialog.tsx';
import { Empty } from '../parts/empty.tsx';
import { count } from '../parts/format.ts';
import { attempt } from '../parts/toast.tsx';
import { TenantSettingsForm } from './tenant-settings.tsx';
import { TokensCard } from './tokens.tsx';

/** One tenant: what it may, its tokens, what it used. */
export function TenantPage({ id }: { id: string }) {
  const { data: tenant, fault, refresh } = useResource<Tenant>(`/tenants/${encodeURIComponent(id)}`);
  const [isAsking, setAsking] = useState(false);
  const [, go] = useLocation();
  const remove = async (): Promise<void> => {
    if (await attempt(() => call(`/tenants/${id}`, { method: 'DELETE' }), `${id} is gone, and its tokens.`))
      go('/tenants');
  };
  if (!tenant) {
    if (fault === undefined) return <div class="splash" aria-busy="true" />;
    return (
      <Empty icon="warning" title="There is no such tenant" command={`npx inferq tenants set ${id}`}>
        {fault}
      </Empty>
    );
  }
  return (
    <>
      <header class="page">
        <h1>{tenant.id}</h1>
        <span class="actions">
          <Link class="button" href={`/jobs?tenant=${tenant.id}`}>
            Its jobs
          </Link>
          <button type="button" class="danger" onClick={() => setAsking(true)}>
            Remove
          </button>
        </span>
      </header>
      <TenantSettingsForm key={tenant.updated_at} tenant={tenant} onChange={refresh} />
      <TokensCard tenant={tenant.id} />
      <UsageCard tenant={tenant.id} />
      {isAsking && (
        <Confirm
          title={`Remove ${tenant.id}`}
          action="Remove it"
          onConfirm={() => void remove()}
          onClose={() => setAsking(false)}
        >
          Its settings go, and all of its tokens are revoked at once. Its jobs stay until their retention is
          over.
        </Confirm>
      )}
    </>
  );
}

function UsageCard({ tenant }: { tenant: string }) {
  const { data } = useResource<Page<UsageRow>>(`/tenants/${tenant}/usage`);
  return (
    <section class="card" aria-labelledby="usage-heading">
      <h2 id="usage-heading">Usage of the last 30 days</h2>
      {data?.data.length === 0 ? (
        <Empty
          icon="jobs"
          title="No job ended in these days"
          command="npx inferq submit language-id -i text='Guten Morgen'"
        >
          With a token of the tenant in INFERQ_TOKEN.
        </Empty>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Day</th>
                <th scope="col">Model</th>
                <th scope="col" class="number">
                  Jobs
                </th>
                <th scope="col" class="number">
                  Succeeded
                </th>
                <th scope="col" class="number">
                  Failed
                </th>
                <th scope="col" class="number">
                  From the cache
                </th>
                <th scope="col" class="number">
                  Cost
                </th>
              </tr>
            </thead>
            <tbody>
              {data?.data.toReversed().map((row) => (
                <tr key={`${row.day} ${row.model}`}>
                  <td>{row.day}</td>
                  <th scope="row">{row.model}</th>
                  <td class="number">{count(row.jobs)}</td>
                  <td class="number">{count(row.succeeded)}</td>
                  <td class="number">{count(row.failed)}</td>
                  <td class="number">{count(row.cached)}</td>
                  <td class="number">{count(row.cost)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
