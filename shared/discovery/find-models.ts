import type { ModelSpec } from '../model.ts';
import { readSpec, type Defaults } from './annotated-spec.ts';
import type { EndpointRule } from './endpoint-rule.ts';
import type { ClusterView, InferencePool, InferenceService, Metadata, Pod } from './kube-objects.ts';
import { originAt } from './origin.ts';
import { originsOfService } from './service-origins.ts';

/** An object of a cluster that is a model, or would be one. */
export interface Finding {
  cluster: string;
  /** `Service team-a/embed`. */
  object: string;
  namespace: string;
  created: string;
  reading: { spec: ModelSpec } | { fault: string };
}

/** All of a cluster that has the label; what has no address yet is left out. */
export function findModels(view: ClusterView, rule: EndpointRule): Finding[] {
  const finding = (
    kind: string,
    metadata: Metadata = {},
    origins: readonly string[] | string,
    defaults: Defaults,
  ): Finding[] => {
    if (metadata.deletionTimestamp !== undefined || origins.length === 0) return [];
    const { namespace = '', name = '', creationTimestamp: created = '' } = metadata;
    const reading =
      typeof origins === 'string' ? { fault: origins } : readSpec(metadata, origins, defaults, rule);
    return [{ cluster: view.name, object: `${kind} ${namespace}/${name}`, namespace, created, reading }];
  };
  return [
    ...view.services.flatMap((service) =>
      finding('Service', service.metadata, originsOfService(service, view.slices, rule), ANY),
    ),
    ...view.inferenceServices.flatMap((service) =>
      finding(
        'InferenceService',
        service.metadata,
        originsOfInference(service, rule),
        inferenceDefaults(service),
      ),
    ),
    ...view.pools.flatMap(({ pool, pods }) =>
      finding('InferencePool', pool.metadata, originsOfPool(pool, pods, rule), POOL),
    ),
  ];
}

const ANY: Defaults = { path: () => '/' };
const POOL: Defaults = { protocol: 'openai-chat', path: () => '/v1/chat/completions' };

/** Its server knows the model by the name of the object, whatever it is called here. */
function inferenceDefaults(service: InferenceService): Defaults {
  const name = service.metadata?.name ?? '';
  const protocol = PROTOCOL_OF.get(versionOf(service));
  const path = (spoken: unknown): string => {
    if (spoken === 'kserve-v1') return `/v1/models/${name}:predict`;
    return spoken === 'open-inference-v2' ? `/v2/models/${name}/infer` : '/';
  };
  return protocol === undefined ? { path } : { protocol, path };
}

/** gRPC is not spoken here: who serves nothing else has to say where it does. */
const PROTOCOL_OF: ReadonlyMap<unknown, string> = new Map([
  ['v1', 'kserve-v1'],
  ['v2', 'open-inference-v2'],
]);

/** Where none is given, older versions of KServe show it in the path of the address. */
function versionOf({ spec, status }: InferenceService): string {
  const path = URL.parse(status?.address?.url ?? '')?.pathname ?? '';
  return spec?.predictor?.model?.protocolVersion ?? (path.startsWith('/v2/') ? 'v2' : 'v1');
}

/** The address inside of the cluster before the one of its ingress; or why it is not taken. */
function originsOfInference({ metadata, status }: InferenceService, rule: EndpointRule): string[] | string {
  const text = status?.address?.url ?? status?.url;
  const isStopped = status?.conditions?.some(({ type, status }) => type === 'Stopped' && status === 'True');
  if (text === undefined || isStopped) return [];
  const url = URL.parse(text);
  if (!url || !['http:', 'https:'].includes(url.protocol))
    return 'status has a url that is no valid http(s) address';
  const own = new RegExp(String.raw`^[a-z0-9.-]+\.${metadata?.namespace ?? ''}\.svc(\.cluster\.local)?$`);
  if (own.test(url.hostname) || rule.isListed(url.hostname)) return [url.origin];
  return 'status has the url of another namespace or host, which INFERQ_DISCOVERY_ALLOW does not list';
}

/** The ready pods, at each of the pool's ports. */
function originsOfPool({ spec }: InferencePool, pods: readonly Pod[], rule: EndpointRule): string[] | string {
  const ready = pods.filter(
    ({ metadata, status }) =>
      metadata?.deletionTimestamp === undefined &&
      status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
  );
  const addresses = ready.flatMap(({ status }) => status?.podIP ?? []);
  if (!addresses.every((address) => rule.allowsAddress(address)))
    return 'a pod has an address that INFERQ_DISCOVERY_ALLOW does not list';
  const ports = spec?.targetPorts?.flatMap(({ number }) => number ?? []) ?? [];
  return addresses.flatMap((address) => ports.map((port) => originAt(address, port)));
}
