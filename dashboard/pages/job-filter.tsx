import { useEffect, useState } from 'preact/hooks';
import { STATUSES } from '../../shared/job-status.ts';
import type { Failure, ModelView, Page, Tenant } from '../api/bodies.ts';
import { useMay, useTenant } from '../api/identity.ts';
import { useResource } from '../api/resource.ts';
import { count } from '../parts/format.ts';
import { Icon } from '../parts/icon.tsx';

const PAGE = 100;
const SETTLED_MS = 350;
const FAILURES_EVERY_MS = 10_000;

/** What the list is narrowed to; it stands in the address. */
export interface JobFilter {
  model: string;
  status: string;
  tenant: string;
  error_type: string;
  /** `key=value` of the metadata. */
  label: string;
}

const NAMES = ['model', 'status', 'tenant', 'error_type', 'label'] as const;

export function readFilter(search: string): JobFilter {
  const query = new URLSearchParams(search);
  const read = (name: string): string => query.get(name) ?? '';
  return {
    model: read('model'),
    status: read('status'),
    tenant: read('tenant'),
    error_type: read('error_type'),
    label: read('label'),
  };
}

export function writeFilter(filter: JobFilter): string {
  const query = new URLSearchParams(
    NAMES.filter((name) => filter[name] !== '').map((name) => [name, filter[name]]),
  );
  return query.toString();
}

/** The first page of the API's list. Another tenant's is under that tenant, and for admins. */
export function listPath({ model, status, tenant, error_type: error, label }: JobFilter): string {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (model !== '') query.set('model', model);
  if (status !== '') query.set('status', status);
  if (error !== '') query.set('error_type', error);
  const [key = '', ...value] = label.split('=');
  if (key.trim() !== '' && value.length > 0) query.set(`metadata.${key.trim()}`, value.join('=').trim());
  return `${tenantPath(tenant)}/jobs?${query.toString()}`;
}

export function tenantPath(tenant: string): string {
  return tenant === '' ? '' : `/tenants/${encodeURIComponent(tenant)}`;
}

export interface FilterBarProps {
  filter: JobFilter;
  onFilter: (filter: JobFilter) => void;
}

export function FilterBar({ filter, onFilter }: FilterBarProps) {
  const may = useMay();
  const models = useResource<Page<ModelView>>(may('models:read') ? '/models' : undefined);
  const set = (part: Partial<JobFilter>): void => onFilter({ ...filter, ...part });
  const names = new Set(models.data?.data.map(({ name }) => name));
  if (filter.model !== '') names.add(filter.model);
  return (
    <div class="filters" role="search" aria-label="Filter the jobs">
      <select
        aria-label="Status"
        value={filter.status}
        onChange={(event) => set({ status: event.currentTarget.value, error_type: '' })}
      >
        <option value="">Any status</option>
        {STATUSES.map((status) => (
          <option key={status}>{status}</option>
        ))}
      </select>
      <select
        aria-label="Model"
        value={filter.model}
        onChange={(event) => set({ model: event.currentTarget.value })}
      >
        <option value="">Any model</option>
        {[...names].map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <LabelInput label={filter.label} onLabel={(label) => set({ label })} />
      {may('admin') && <TenantSelect tenant={filter.tenant} onTenant={(tenant) => set({ tenant })} />}
    </div>
  );
}

/** Taken over when nothing more is typed for a moment. */
function LabelInput({ label, onLabel }: { label: string; onLabel: (label: string) => void }) {
  const [text, setText] = useState(label);
  useEffect(() => setText(label), [label]);
  useEffect(() => {
    if (text === label) return undefined;
    const timer = setTimeout(() => onLabel(text), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <span class="search">
      <Icon name="search" />
      <input
        id="job-filter"
        aria-label="Label, as key=value"
        placeholder="Label: key=value"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </span>
  );
}

function TenantSelect({ tenant, onTenant }: { tenant: string; onTenant: (tenant: string) => void }) {
  const own = useTenant();
  const { data } = useResource<Page<Tenant>>('/tenants');
  const others = new Set(data?.data.map(({ id }) => id).filter((id) => id !== own));
  if (tenant !== '') others.add(tenant);
  return (
    <select aria-label="Tenant" value={tenant} onChange={(event) => onTenant(event.currentTarget.value)}>
      <option value="">{own} (you)</option>
      {[...others].map((id) => (
        <option key={id}>{id}</option>
      ))}
    </select>
  );
}

/** What failed lately, by model and error: a click narrows the list to it. */
export function ErrorGroups({ filter, onFilter }: FilterBarProps) {
  const { data } = useResource<Page<Failure>>(`${tenantPath(filter.tenant)}/failures`, FAILURES_EVERY_MS);
  const groups = data?.data.slice(0, 8) ?? [];
  if (groups.length === 0) return null;
  return (
    <div class="groups" role="group" aria-label="Errors of today and yesterday">
      {groups.map(({ model, error_type: error, count: failed }) => {
        const isOn = filter.error_type === error && filter.model === model;
        const part = isOn
          ? { model: '', status: '', error_type: '' }
          : { model, status: 'failed', error_type: error };
        return (
          <button
            key={`${model} ${error}`}
            type="button"
            class="group"
            aria-pressed={isOn}
            onClick={() => onFilter({ ...filter, ...part })}
          >
            <span class="mono">{error}</span> <span class="muted">{model}</span> <b>{count(failed)}</b>
          </button>
        );
      })}
    </div>
  );
}
