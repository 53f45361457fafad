import type { ScalingNumbers, ScalingReader } from '../../shared/scaling/scaling-reader.ts';
import { parseLabelSelector } from './label-selector.ts';
import { formatQuantity } from './quantity.ts';
import { failure, type KubernetesAnswer } from './status.ts';

/** The metrics that are served, each with a value a model. */
export const METRICS = {
  inferq_outstanding_jobs: 'outstanding_jobs',
  inferq_desired_workers: 'desired_workers',
  inferq_oldest_wait_seconds: 'oldest_wait_seconds',
} as const satisfies Record<string, keyof ScalingNumbers>;

/**
 * The values of one metric for the models that a selector takes. An idle model has 0; a list without values, on which
 * an autoscaler would do nothing, is not answered. Throws what `read` throws.
 */
export async function externalMetric(
  name: string,
  selector: string,
  read: ScalingReader,
  now: Date,
): Promise<KubernetesAnswer> {
  const field = isMetric(name) ? METRICS[name] : undefined;
  if (!field)
    return failure(404, `There is no metric ${name}: there are ${Object.keys(METRICS).join(', ')}.`);
  const takes = parseLabelSelector(selector);
  if (!takes) return failure(400, 'labelSelector is not a valid selector.');
  const taken = [...(await read())].filter(([model]) => takes({ model }));
  if (taken.length === 0) return failure(404, 'labelSelector takes no model that is served.');
  const items = taken.map(([model, numbers]) => ({
    metricName: name,
    metricLabels: { model },
    timestamp: now.toISOString().replace(/\.\d+Z$/, 'Z'),
    value: formatQuantity(numbers[field]),
  }));
  return {
    status: 200,
    body: {
      kind: 'ExternalMetricValueList',
      apiVersion: 'external.metrics.k8s.io/v1beta1',
      metadata: {},
      items,
    },
  };
}

function isMetric(name: string): name is keyof typeof METRICS {
  return Object.hasOwn(METRICS, name);
}
