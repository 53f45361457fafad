import type { Job } from '../../shared/job.ts';
import type { ModelSpec } from '../../shared/model.ts';
import type { Scope } from '../../shared/principal.ts';
import type { TenantSettings } from '../../shared/tenant.ts';
import type { Overview } from '../../api/operations/overview.ts';

export type { Overview };

/** A page of a list. */
export interface Page<T> {
  data: T[];
  next: string | null;
}

export interface EndpointView {
  url?: string;
  weight: number;
  priority: number;
  state: 'closed' | 'open' | 'half-open' | 'unknown';
  failing: boolean;
  since: string | null;
  error?: string | null;
}

export interface ModelView extends Pick<
  ModelSpec,
  'name' | 'version' | 'protocol' | 'timeout' | 'cache' | 'input_schema' | 'output_schema'
> {
  description: string | null;
  traffic: number;
  paused: boolean;
  backlog: number;
  running: number;
  oldest_wait: number | null;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  wait_p50: number | null;
  wait_p95: number | null;
  wait_p99: number | null;
  endpoints: EndpointView[];
  source?: 'file' | 'api' | 'cluster';
  spec?: ModelSpec;
}

/** What a list shows of a job: the rest would fill the memory of the page. */
export type JobLine = Omit<Job, 'output' | 'input' | 'attempts' | 'urls'>;

export interface Failure {
  model: string;
  error_type: string;
  count: number;
}

export interface Tenant extends TenantSettings {
  id: string;
  created_at: string;
  updated_at: string;
}

export interface ApiToken {
  id: string;
  tenant: string;
  name: string;
  prefix: string;
  scopes: Scope[];
  models: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

export interface UsageRow {
  day: string;
  model: string;
  jobs: number;
  succeeded: number;
  failed: number;
  cached: number;
  cost: number;
}

export interface AuditEntry {
  id: string;
  at: string;
  tenant: string;
  subject: string;
  action: string;
  target: string;
  address: string;
}
