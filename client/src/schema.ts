/* Made from the OpenAPI document by `npm run generate`. Do not edit. */

export interface Job {
  /**
   * job_…
   */
  id: string;
  model: string;
  version: string;
  status: 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'expired';
  /**
   * As the model gave it, null until then
   */
  output: unknown;
  error: {
    type: string;
    title: string;
    status: number;
    detail: string;
    /**
     * Machine-readable, see the table of errors
     */
    error_type: string;
    retryable: boolean;
    /**
     * The attempt that failed last
     */
    attempt: number;
  } | null;
  cache: 'hit' | 'miss' | 'coalesced' | 'bypass';
  progress: {
    progress: number;
    message?: string;
  } | null;
  /**
   * Labels of the client, keys of 64 characters at most; jobs can be listed by them
   */
  metadata: {
    [k: string]: string;
  };
  /**
   * RFC 3339, UTC, milliseconds
   */
  created_at: string;
  started_at: string | null;
  completed_at: string | null;
  expires_at: string | null;
  metrics: {
    queue_time: number | null;
    run_time: number | null;
    attempts: number;
  };
  queue: {
    /**
     * 1 is next
     */
    position: number;
    eta: number | null;
  } | null;
  data_removed: boolean;
  urls: {
    get: string;
    cancel: string;
    events: string;
  };
  /**
   * The X-Request-Id of its submission
   */
  request_id?: string;
  /**
   * In webhooks: where an output of more than 20 kB is, which is left out there
   */
  output_url?: string;
  /**
   * With ?include=input
   */
  input?: unknown;
  /**
   * With ?include=attempts
   */
  attempts?: {
    attempt: number;
    /**
     * RFC 3339, UTC, milliseconds
     */
    started_at: string;
    /**
     * RFC 3339, UTC, milliseconds
     */
    ended_at: string;
    /**
     * "succeeded", "canceled", or the error_type
     */
    outcome: string;
    detail?: string;
    worker?: string;
    endpoint?: string;
    /**
     * The fallback that was asked, as name@version
     */
    model?: string;
  }[];
}
export interface JobRequest {
  /**
   * Its name, or name@version
   */
  model: string;
  /**
   * Checked against the model's input_schema
   */
  input: unknown;
  webhook?:
    | string
    | {
        /**
         * https, to a public address
         */
        url: string;
        /**
         * The ends of the job where it is left out; started and progress only where they are named
         *
         * @minItems 1
         */
        events?: ('started' | 'progress' | 'succeeded' | 'failed' | 'canceled' | 'expired')[];
      };
  priority?: 'high' | 'normal' | 'low';
  /**
   * How long it may wait to start
   */
  ttl?: number;
  /**
   * Not before then
   */
  delay?: number;
  /**
   * Of one call of the model
   */
  timeout?: number;
  cache?: 'use' | 'refresh' | 'bypass';
  /**
   * Labels of the client, keys of 64 characters at most; jobs can be listed by them
   */
  metadata?: {
    [k: string]: string;
  };
}
/**
 * RFC 9457 problem details
 */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  error_type:
    | 'invalid_json'
    | 'invalid_request'
    | 'unauthenticated'
    | 'budget_spent'
    | 'forbidden'
    | 'model_unpriced'
    | 'not_found'
    | 'model_not_found'
    | 'method_not_allowed'
    | 'request_timeout'
    | 'model_in_file'
    | 'job_ended'
    | 'job_not_ended'
    | 'job_not_retryable'
    | 'output_not_ready'
    | 'data_removed'
    | 'events_gone'
    | 'payload_too_large'
    | 'unsupported_media_type'
    | 'expectation_failed'
    | 'invalid_input'
    | 'invalid_model'
    | 'idempotency_key_reused'
    | 'rate_limited'
    | 'tenant_backlog_full'
    | 'headers_too_large'
    | 'internal'
    | 'api_unreachable'
    | 'broker_full'
    | 'ttl_unreachable'
    | 'redis_unavailable'
    | 'not_confirmed'
    | 'storage_unavailable'
    | 'webhooks_unavailable'
    | 'keys_unavailable'
    | 'api_timeout'
    | 'shutting_down'
    | 'invalid_output'
    | 'transform_failed'
    | 'model_error'
    | 'model_timeout'
    | 'model_unavailable'
    | 'result_too_large'
    | 'worker_lost';
  errors?: {
    pointer: string;
    detail: string;
  }[];
}
export interface Model {
  name: string;
  version: string;
  description: string | null;
  protocol:
    | 'json'
    | 'open-inference-v2'
    | 'kserve-v1'
    | 'openai-chat'
    | 'openai-completions'
    | 'openai-embeddings'
    | 'text-generation'
    | 'text-embeddings'
    | 'mlflow'
    | 'torchserve'
    | 'cog';
  input_schema: Record<string, unknown>;
  output_schema: Record<string, unknown>;
  timeout: number;
  cache: {
    ttl: number;
    scope: 'tenant' | 'shared' | 'off';
  };
  /**
   * Percent of the jobs that pin no version
   */
  traffic: number;
  /**
   * Jobs are accepted and wait
   */
  paused: boolean;
  /**
   * Jobs of all tenants that wait
   */
  backlog: number;
  /**
   * Calls of the model under way
   */
  running: number;
  oldest_wait: number | null;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  wait_p50: number | null;
  wait_p95: number | null;
  wait_p99: number | null;
  endpoints: {
    /**
     * Without credentials and query; for admins
     */
    url?: string;
    weight: number;
    priority: number;
    /**
     * Of its circuit breaker, at the worker that thinks worst of it; unknown: not called of late
     */
    state: 'closed' | 'open' | 'half-open' | 'unknown';
    /**
     * Whether its last call failed by its own fault
     */
    failing: boolean;
    since: string | null;
    error?: string | null;
  }[];
  /**
   * For admins
   */
  source?: 'file' | 'api' | 'cluster';
  /**
   * For admins; without secrets
   */
  spec?: {
    name: string;
    version: string;
    description?: string;
    /**
     * Percent of the jobs that pin no version
     */
    traffic?: number;
    protocol:
      | 'json'
      | 'open-inference-v2'
      | 'kserve-v1'
      | 'openai-chat'
      | 'openai-completions'
      | 'openai-embeddings'
      | 'text-generation'
      | 'text-embeddings'
      | 'mlflow'
      | 'torchserve'
      | 'cog';
    /**
     * @minItems 1
     */
    endpoints: {
      /**
       * Where the model answers; may be private
       */
      url: string;
      weight: number;
      /**
       * Lower is tried first
       */
      priority: number;
      headers?: {
        [k: string]: string;
      };
    }[];
    input_schema: Record<string, unknown>;
    output_schema: Record<string, unknown>;
    /**
     * JSONata, input to request
     */
    preprocess?: string;
    /**
     * JSONata, answer to output
     */
    postprocess?: string;
    cache: {
      ttl: number;
      scope: 'tenant' | 'shared' | 'off';
    };
    timeout: number;
    retry: {
      attempts: number;
      backoff: number;
    };
    /**
     * In flight over all workers
     */
    concurrency: number;
    /**
     * Starts in a window, over all workers
     */
    rate?: {
      limit: number;
      window: number;
    };
    health?: {
      /**
       * Asked of each endpoint by GET
       */
      path: string;
      interval: number;
      timeout: number;
    };
    /**
     * A model, or model@version, that answers where this one cannot be reached
     */
    fallback?: string;
    batch?: {
      max_size: number;
      max_delay_ms: number;
      across_tenants: boolean;
    };
    queue: {
      max_depth: number;
      max_depth_per_tenant: number;
    };
    access: {
      tenants: string[];
    };
    retention: number;
    /**
     * Budget units a call
     */
    cost?: number;
  };
}
export interface ModelSpec {
  name?: string;
  version?: string;
  description?: string;
  /**
   * Percent of the jobs that pin no version
   */
  traffic?: number;
  protocol:
    | 'json'
    | 'open-inference-v2'
    | 'kserve-v1'
    | 'openai-chat'
    | 'openai-completions'
    | 'openai-embeddings'
    | 'text-generation'
    | 'text-embeddings'
    | 'mlflow'
    | 'torchserve'
    | 'cog';
  /**
   * @minItems 1
   */
  endpoints: {
    /**
     * Where the model answers; may be private
     */
    url: string;
    weight?: number;
    /**
     * Lower is tried first
     */
    priority?: number;
    headers?: {
      [k: string]: string;
    };
  }[];
  input_schema?: Record<string, unknown>;
  output_schema?: Record<string, unknown>;
  /**
   * JSONata, input to request
   */
  preprocess?: string;
  /**
   * JSONata, answer to output
   */
  postprocess?: string;
  cache?: {
    ttl?: number;
    scope?: 'tenant' | 'shared' | 'off';
  };
  timeout?: number;
  retry?: {
    attempts?: number;
    backoff?: number;
  };
  /**
   * In flight over all workers
   */
  concurrency?: number;
  /**
   * Starts in a window, over all workers
   */
  rate?: {
    limit: number;
    window: number;
  };
  health?: {
    /**
     * Asked of each endpoint by GET
     */
    path: string;
    interval?: number;
    timeout?: number;
  };
  /**
   * A model, or model@version, that answers where this one cannot be reached
   */
  fallback?: string;
  batch?: {
    max_size?: number;
    max_delay_ms?: number;
    across_tenants?: boolean;
  };
  queue?: {
    max_depth?: number;
    max_depth_per_tenant?: number;
  };
  access?: {
    tenants?: string[];
  };
  retention?: number;
  /**
   * Budget units a call
   */
  cost?: number;
}
export interface RedriveRequest {
  /**
   * That failed with this
   */
  error_type?: string;
  /**
   * That failed then or later
   */
  since?: string;
  /**
   * Of this tenant; another than your own is for admins
   */
  tenant?: string;
  limit?: number;
}
export interface Redriven {
  /**
   * Jobs that were queued again
   */
  redriven: number;
  stopped: ('limit' | 'full') | null;
  next: string | null;
}
export interface Tenant {
  id: string;
  /**
   * Submissions in a window; null is no limit
   */
  rate: {
    limit: number;
    /**
     * Seconds
     */
    window: number;
  } | null;
  /**
   * Jobs that may wait, over all models; null is no limit but that of each model
   */
  max_queued: number | null;
  /**
   * Its share beside other tenants
   */
  weight: number;
  /**
   * Units of the models' `cost`, in all or for each UTC day or month; null is no limit
   */
  budget:
    | number
    | {
        limit: number;
        period: 'day' | 'month';
      }
    | null;
  /**
   * Names it may use, * is a wildcard
   *
   * @maxItems 1000
   */
  models: string[];
  created_at: string;
  updated_at: string;
}
export interface TenantSettings {
  /**
   * Submissions in a window; null is no limit
   */
  rate?: {
    limit: number;
    /**
     * Seconds
     */
    window: number;
  } | null;
  /**
   * Jobs that may wait, over all models; null is no limit but that of each model
   */
  max_queued?: number | null;
  /**
   * Its share beside other tenants
   */
  weight?: number;
  /**
   * Units of the models' `cost`, in all or for each UTC day or month; null is no limit
   */
  budget?:
    | number
    | {
        limit: number;
        period: 'day' | 'month';
      }
    | null;
  /**
   * Names it may use, * is a wildcard
   *
   * @maxItems 1000
   */
  models?: string[];
}
export interface TokenRequest {
  /**
   * For people
   */
  name: string;
  /**
   * @minItems 1
   */
  scopes: ('jobs:write' | 'jobs:read' | 'models:read' | 'models:write' | 'admin')[];
  /**
   * * is a wildcard
   *
   * @minItems 1
   * @maxItems 1000
   */
  models?: string[];
  expires_at?: string | null;
}
export interface NewToken {
  id: string;
  tenant: string;
  name: string;
  /**
   * How the token begins
   */
  prefix: string;
  scopes: ('jobs:write' | 'jobs:read' | 'models:read' | 'models:write' | 'admin')[];
  models: string[];
  created_at: string;
  expires_at: string | null;
  /**
   * To the minute
   */
  last_used_at: string | null;
  /**
   * ifq_…: shown this once
   */
  token: string;
}
export interface Token {
  id: string;
  tenant: string;
  name: string;
  /**
   * How the token begins
   */
  prefix: string;
  scopes: ('jobs:write' | 'jobs:read' | 'models:read' | 'models:write' | 'admin')[];
  models: string[];
  created_at: string;
  expires_at: string | null;
  /**
   * To the minute
   */
  last_used_at: string | null;
}
export interface Usage {
  data: {
    /**
     * UTC, the day on which the jobs ended
     */
    day: string;
    model: string;
    /**
     * That ended
     */
    jobs: number;
    succeeded: number;
    failed: number;
    canceled: number;
    expired: number;
    /**
     * Answered from the cache
     */
    cached: number;
    /**
     * That shared the call of another job
     */
    coalesced: number;
    /**
     * Units of the models' `cost`
     */
    cost: number;
  }[];
  next: null;
  budget: {
    limit: number;
    spent: number;
    /**
     * Set aside for jobs under way
     */
    reserved: number;
    renewed_at: string | null;
  } | null;
}
export interface AuditEntry {
  id: string;
  at: string;
  /**
   * Of who did it
   */
  tenant: string;
  /**
   * Who did it
   */
  subject: string;
  /**
   * tenant.create, token.revoke, model.pause, …
   */
  action: string;
  /**
   * To what
   */
  target: string;
  /**
   * From where
   */
  address: string;
  request_id: string;
}
export interface Delivery {
  /**
   * The webhook-id
   */
  id: string;
  /**
   * The id of the job that it tells of
   */
  job: string;
  event: string;
  url: string;
  /**
   * failed: given up; it can be sent again
   */
  status: 'pending' | 'delivered' | 'failed';
  /**
   * When its first attempt began
   */
  created_at: string;
  next_at: string | null;
  attempts: {
    /**
     * The webhook-id: the same for all attempts
     */
    id: string;
    /**
     * job.succeeded, …
     */
    event: string;
    url: string;
    attempt: number;
    /**
     * When it is tried again; null where it is not
     */
    next_at: string | null;
    /**
     * When it began: RFC 3339, UTC, milliseconds
     */
    at: string;
    /**
     * Absent while it is not known
     */
    duration_ms?: number;
    /**
     * The receiver's HTTP status; absent if none came
     */
    status?: number;
    /**
     * refused: the URL does not lead to a public address, nothing was connected to; skipped: the receiver was not called, because it kept failing or was too busy; lost: the worker died, so the receiver may have got it
     */
    outcome: 'running' | 'delivered' | 'failed' | 'refused' | 'skipped' | 'lost';
    /**
     * A sentence, with the start of the receiver's answer
     */
    error?: string;
    /**
     * How long the receiver asked to be left alone
     */
    retry_after_ms?: number;
  }[];
}
export interface DeliveryAttempt {
  /**
   * The webhook-id: the same for all attempts
   */
  id: string;
  /**
   * job.succeeded, …
   */
  event: string;
  url: string;
  attempt: number;
  /**
   * When it is tried again; null where it is not
   */
  next_at: string | null;
  /**
   * When it began: RFC 3339, UTC, milliseconds
   */
  at: string;
  /**
   * Absent while it is not known
   */
  duration_ms?: number;
  /**
   * The receiver's HTTP status; absent if none came
   */
  status?: number;
  /**
   * refused: the URL does not lead to a public address, nothing was connected to; skipped: the receiver was not called, because it kept failing or was too busy; lost: the worker died, so the receiver may have got it
   */
  outcome: 'running' | 'delivered' | 'failed' | 'refused' | 'skipped' | 'lost';
  /**
   * A sentence, with the start of the receiver's answer
   */
  error?: string;
  /**
   * How long the receiver asked to be left alone
   */
  retry_after_ms?: number;
}
export interface Identity {
  tenant: string;
  subject: string;
  scopes: ('jobs:write' | 'jobs:read' | 'models:read' | 'models:write' | 'admin')[];
  /**
   * Names it may use; * is a wildcard
   */
  models: string[];
}
export interface Overview {
  at: string;
  models: {
    name: string;
    version: string;
    protocol:
      | 'json'
      | 'open-inference-v2'
      | 'kserve-v1'
      | 'openai-chat'
      | 'openai-completions'
      | 'openai-embeddings'
      | 'text-generation'
      | 'text-embeddings'
      | 'mlflow'
      | 'torchserve'
      | 'cog';
    /**
     * Jobs are accepted and wait
     */
    paused: boolean;
    /**
     * Jobs of all tenants that wait
     */
    backlog: number;
    /**
     * Calls of the model under way
     */
    running: number;
    oldest_wait: number | null;
    p50: number | null;
    p95: number | null;
    p99: number | null;
    wait_p50: number | null;
    wait_p95: number | null;
    wait_p99: number | null;
    /**
     * Of the circuit breaker that is worst off among its endpoints
     */
    state: 'closed' | 'open' | 'half-open' | 'unknown';
    /**
     * Whether the last call of one of its endpoints failed by its fault
     */
    failing: boolean;
    /**
     * Of all tenants, over the last five minutes
     */
    activity: {
      /**
       * Seconds that each number is for
       */
      step: number;
      /**
       * Jobs that ended; the last number is of a step not over yet
       */
      ended: number[];
      /**
       * Of these, those that failed
       */
      failed: number[];
      /**
       * Jobs answered from the cache
       */
      hits: number[];
      /**
       * Jobs that ended or were answered a second, in the last half minute
       */
      rate: number;
    };
  }[];
  /**
   * For admins
   */
  workers:
    | {
        name: string;
        version: string;
        /**
         * models, webhooks
         */
        roles: string[];
        /**
         * Runs in hand
         */
        running: number;
        started_at: string;
        seen_at: string;
        /**
         * What of the models it cannot use, and why: a secret that is missing there, say
         */
        warnings: string[];
      }[]
    | null;
  /**
   * For admins
   */
  webhooks: {
    /**
     * That have not arrived, also those whose next attempt is to come
     */
    owed: number;
    /**
     * Seconds that the one has been due that has been so longest; 0 where none is
     */
    overdue: number;
  } | null;
  /**
   * For admins; the memory of a cluster is not told
   */
  redis: {
    /**
     * What a 202 waits for
     */
    durability: 'memory' | 'fsync' | 'replicated';
    memory: {
      used: number;
      /**
       * In bytes; 0 is none
       */
      limit: number;
    } | null;
  } | null;
}
export interface Failures {
  data: {
    model: string;
    error_type: string;
    /**
     * Jobs that failed with it; one that was retried and failed again, twice
     */
    count: number;
  }[];
  next: null;
}
export interface Readiness {
  ready: boolean;
  checks: {
    [k: string]: string;
  };
  /**
   * What is not as it should be, such as a change of the model files with a fault in it
   */
  warnings: string[];
}
