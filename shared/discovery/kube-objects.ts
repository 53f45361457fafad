/** What discovery reads of Kubernetes' objects, as it comes in JSON; any of it may be missing. */
export interface Metadata {
  name?: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  creationTimestamp?: string;
  deletionTimestamp?: string;
}

export interface Service {
  metadata?: Metadata;
  spec?: {
    clusterIP?: string;
    ports?: { name?: string; port?: number; protocol?: string }[];
  };
}

export interface EndpointSlice {
  metadata?: Metadata;
  addressType?: string;
  ports?: { name?: string; port?: number }[];
  endpoints?: {
    addresses?: string[];
    conditions?: { ready?: boolean };
    targetRef?: { kind?: string; namespace?: string };
  }[];
}

export interface Pod {
  metadata?: Metadata;
  status?: { podIP?: string; conditions?: Condition[] };
}

interface Condition {
  type?: string;
  status?: string;
}

/** KServe, `serving.kserve.io/v1beta1`. */
export interface InferenceService {
  metadata?: Metadata;
  spec?: { predictor?: { model?: { protocolVersion?: string } } };
  status?: { url?: string; address?: { url?: string }; conditions?: Condition[] };
}

/** Gateway API inference extension, `inference.networking.k8s.io/v1`. */
export interface InferencePool {
  metadata?: Metadata;
  spec?: { selector?: { matchLabels?: Record<string, string> }; targetPorts?: { number?: number }[] };
}

/** The same before it was stable, `inference.networking.x-k8s.io/v1alpha2`: the selector is the labels themselves. */
export interface AlphaInferencePool {
  metadata?: Metadata;
  spec?: { selector?: Record<string, string>; targetPortNumber?: number };
}

export function fromAlpha({ metadata = {}, spec }: AlphaInferencePool): InferencePool {
  const targetPorts = spec?.targetPortNumber === undefined ? [] : [{ number: spec.targetPortNumber }];
  return { metadata, spec: { selector: { matchLabels: spec?.selector ?? {} }, targetPorts } };
}

/** What one cluster has at a time. */
export interface ClusterView {
  name: string;
  services: readonly Service[];
  slices: readonly EndpointSlice[];
  inferenceServices: readonly InferenceService[];
  pools: readonly { pool: InferencePool; pods: readonly Pod[] }[];
}

/** The label that makes a model of a Service, an InferenceService or an InferencePool. */
export const MODEL_LABEL = 'inferq.dev/model';
