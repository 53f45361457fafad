import { METRICS } from '../../../api/metrics-adapter/external-metrics.ts';
import {
  at,
  containersOf,
  kindOf,
  listAt,
  nameOf,
  ofKind,
  textAt,
  titleOf,
  workloads,
  type Manifest,
} from './manifest.ts';
import { modelsOf } from './models.ts';
import { environmentOf } from './environment.ts';

/** What a pool scales by; the wait of the oldest run is for alerts. */
const SCALED_BY = ['inferq_outstanding_jobs', 'inferq_desired_workers'];

interface Wish {
  metric: string;
  model: string;
  target: number;
}

/** Pools that two would scale, models that nobody scales for, targets that do not fit the pool. */
export function scalingFaults(objects: readonly Manifest[]): string[] {
  const scalers = ofKind(objects, 'HorizontalPodAutoscaler', 'ScaledObject');
  const faults: string[] = [];
  for (const scaler of scalers) {
    const name = textAt(scaler, 'spec', 'scaleTargetRef', 'name');
    const target = workloads(objects).find(
      (workload) => kindOf(workload) === 'Deployment' && nameOf(workload) === name,
    );
    if (target === undefined) {
      faults.push(`${titleOf(scaler)} scales ${name}, which is not there`);
      continue;
    }
    if (at(target, 'spec', 'replicas') !== undefined)
      faults.push(`${titleOf(target)} has replicas beside ${titleOf(scaler)}`);
    faults.push(...wishFaults(scaler, target, objects));
  }
  const names = scalers.map((scaler) => textAt(scaler, 'spec', 'scaleTargetRef', 'name'));
  for (const name of names)
    if (names.filter((other) => other === name).length > 1) faults.push(`${name} has two scalers`);
  return [...faults, ...readerFaults(objects)];
}

/** Metrics that the adapter serves and the autoscaler may not read. */
function readerFaults(objects: readonly Manifest[]): string[] {
  return ofKind(objects, 'ClusterRole').flatMap((role) => {
    const rules = listAt(role, 'rules').filter((rule) =>
      listAt(rule, 'apiGroups').includes('external.metrics.k8s.io'),
    );
    const readable = rules.flatMap((rule) => listAt(rule, 'resources'));
    return Object.keys(METRICS).flatMap((metric) =>
      rules.length === 0 || readable.includes(metric) ? [] : [`${titleOf(role)} leaves out ${metric}`],
    );
  });
}

function wishFaults(scaler: Manifest, target: Manifest, objects: readonly Manifest[]): string[] {
  const wishes = wishesOf(scaler);
  const concurrency = Number(environmentOf(target, objects)['INFERQ_WORKER_CONCURRENCY']);
  const served = modelsOf(target, objects);
  const models = served.map(({ name }) => name);
  const useful = Math.ceil(Math.max(...served.map((model) => model.concurrency)) / concurrency);
  const most = Number(textAt(scaler, 'spec', 'maxReplicas') || textAt(scaler, 'spec', 'maxReplicaCount'));
  const faults = wishes.flatMap(({ metric, model, target: wish }) => {
    const wanted = metric === 'inferq_outstanding_jobs' ? concurrency * 0.8 : 1;
    if (!(metric in METRICS)) return [`${titleOf(scaler)} asks for ${metric}, which nobody publishes`];
    if (!models.includes(model))
      return [`${titleOf(scaler)} asks for ${model}, which ${titleOf(target)} does not serve`];
    return wish === wanted ? [] : [`${titleOf(scaler)} wants ${wish} a worker for ${metric}, not ${wanted}`];
  });
  if (most > useful)
    faults.push(`${titleOf(scaler)} goes to ${most} workers, of which ${useful} can have work`);
  for (const model of models)
    for (const metric of SCALED_BY)
      if (!wishes.some((wish) => wish.model === model && wish.metric === metric))
        faults.push(`${titleOf(scaler)} does not look at ${metric} of ${model}`);
  return faults;
}

function wishesOf(scaler: Manifest): Wish[] {
  const external = listAt(scaler, 'spec', 'metrics').map((metric) => ({
    metric: textAt(metric, 'external', 'metric', 'name'),
    model: textAt(metric, 'external', 'metric', 'selector', 'matchLabels', 'model'),
    target: Number(textAt(metric, 'external', 'target', 'averageValue')),
  }));
  const triggers = listAt(scaler, 'spec', 'triggers').map((trigger) => ({
    metric: `inferq_${textAt(trigger, 'metadata', 'valueLocation')}`,
    model: /:9464\/scaling\/([^/]+)$/.exec(textAt(trigger, 'metadata', 'url'))?.[1] ?? '',
    target: Number(textAt(trigger, 'metadata', 'targetValue')),
  }));
  return [...external, ...triggers];
}

/** What it takes to stop beside the work: the role's own closing, and a margin for the kubelet. */
const CLOSING_S = 5;
const MARGIN_S = 5;

/** Workers that are killed before their longest call can be through. */
export function stoppingFaults(objects: readonly Manifest[]): string[] {
  return workloads(objects).flatMap((workload) => {
    if (!containersOf(workload).some((container) => listAt(container, 'args').includes('worker'))) return [];
    const env = environmentOf(workload, objects);
    const drain = Number(env['INFERQ_DRAIN_TIMEOUT'] ?? 25);
    const grace = Number(textAt(workload, 'spec', 'template', 'spec', 'terminationGracePeriodSeconds') || 30);
    const runsModels = (env['INFERQ_WORKER_ROLES'] ?? 'models').split(',').includes('models');
    const longest = runsModels
      ? Math.max(0, ...modelsOf(workload, objects).map(({ timeout }) => timeout))
      : 0;
    const faults: string[] = [];
    if (drain < longest)
      faults.push(`${titleOf(workload)} drains for ${drain} s, and a call may take ${longest} s`);
    if (grace < drain + CLOSING_S + MARGIN_S)
      faults.push(`${titleOf(workload)} is killed after ${grace} s, and drains for ${drain} s`);
    return faults;
  });
}
