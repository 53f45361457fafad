/** A policy as in autoscaling/v2. */
export interface Policy {
  type: 'Percent' | 'Pods';
  value: number;
  periodSeconds: number;
}

interface Rules {
  stabilizationWindowSeconds: number;
  policies: Policy[];
}

export interface AutoscalerSpec {
  minReplicas: number;
  maxReplicas: number;
  scaleUp: Rules;
  scaleDown: Rules;
}

/** An External metric of the type AverageValue; undefined: its server answered an error. */
export interface Metric {
  value: number | undefined;
  target: number;
}

const TOLERANCE = 0.1;

/**
 * The HorizontalPodAutoscaler's decision, as Kubernetes documents it (concepts: Horizontal Pod Autoscaling, Algorithm
 * details, Configurable scaling behavior), with `selectPolicy: Max`. Time is in seconds.
 */
export function createAutoscaler({ minReplicas, maxReplicas, scaleUp, scaleDown }: AutoscalerSpec) {
  const wishes: { at: number; replicas: number }[] = [];
  const changes: { at: number; by: number }[] = [];

  /** What the wishes of both windows leave of this one: never more than the least, never less than the most. */
  function stabilize(now: number, current: number, wish: number): number {
    wishes.push({ at: now, replicas: wish });
    const within = (seconds: number): number[] => [
      wish,
      ...wishes.filter(({ at }) => at > now - seconds).map(({ replicas }) => replicas),
    ];
    const up = Math.min(...within(scaleUp.stabilizationWindowSeconds));
    const down = Math.max(...within(scaleDown.stabilizationWindowSeconds));
    return Math.min(Math.max(current, up), down);
  }

  function atPeriodStart(now: number, current: number, { periodSeconds }: Policy): number {
    const recent = changes.filter(({ at }) => at > now - periodSeconds);
    return current - recent.reduce((sum, { by }) => sum + by, 0);
  }

  function limit(now: number, current: number, wish: number): number {
    const bounds = (wish > current ? scaleUp : scaleDown).policies.map((policy) => {
      const start = atPeriodStart(now, current, policy);
      const sign = wish > current ? 1 : -1;
      if (policy.type === 'Pods') return start + sign * policy.value;
      const bound = start * (1 + (sign * policy.value) / 100);
      return sign > 0 ? Math.ceil(bound) : Math.floor(bound);
    });
    if (wish > current) return Math.min(wish, Math.max(current, ...bounds));
    return Math.max(wish, Math.min(current, ...bounds));
  }

  return {
    /** How many replicas there are to be from now on; asked every 15 s. */
    decide(now: number, current: number, metrics: readonly Metric[]): number {
      const wish = clamp(wishFor(current, metrics));
      const next = clamp(limit(now, current, stabilize(now, current, wish)));
      if (next !== current) changes.push({ at: now, by: next - current });
      return next;
    },
  };

  function clamp(replicas: number): number {
    return Math.min(maxReplicas, Math.max(minReplicas, replicas));
  }
}

function replicasFor(current: number, value: number, target: number): number {
  const ratio = value / (target * current);
  return Math.abs(ratio - 1) <= TOLERANCE ? current : Math.ceil(value / target);
}

function wishFor(current: number, metrics: readonly Metric[]): number {
  const answered = metrics.flatMap(({ value, target }) =>
    value === undefined ? [] : [replicasFor(current, value, target)],
  );
  const wish = answered.length === 0 ? current : Math.max(...answered);
  // Where one metric cannot be had, the others may ask for more, and not for less.
  return answered.length < metrics.length ? Math.max(wish, current) : wish;
}
