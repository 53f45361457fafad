import type { JobStatus } from '../../shared/job-status.ts';

type Tone = 'good' | 'bad' | 'busy' | 'wait' | 'off' | 'warn';

const TONES: Record<JobStatus, Tone> = {
  queued: 'wait',
  running: 'busy',
  succeeded: 'good',
  failed: 'bad',
  canceled: 'off',
  expired: 'warn',
};

export function Badge({ tone, children }: { tone: Tone; children: preact.ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

export function StatusBadge({ status }: { status: JobStatus }) {
  return <Badge tone={TONES[status]}>{status}</Badge>;
}

const CIRCUITS = {
  closed: { tone: 'good', says: 'healthy' },
  'half-open': { tone: 'warn', says: 'probing' },
  open: { tone: 'bad', says: 'open' },
  unknown: { tone: 'off', says: 'idle' },
} as const;

const FAILING = { tone: 'bad', says: 'failing' } as const;

/** The state of a circuit breaker, in words; and whether the last call failed, which opens none alone. */
export function CircuitBadge({ state, failing }: { state: keyof typeof CIRCUITS; failing: boolean }) {
  const { tone, says } = failing && state !== 'open' ? FAILING : CIRCUITS[state];
  return (
    <span title={`Circuit breaker: ${state}`}>
      <Badge tone={tone}>{says}</Badge>
    </span>
  );
}

const DELIVERIES = { pending: 'wait', delivered: 'good', failed: 'bad' } as const;

export function DeliveryBadge({ status }: { status: keyof typeof DELIVERIES }) {
  return <Badge tone={DELIVERIES[status]}>{status}</Badge>;
}
