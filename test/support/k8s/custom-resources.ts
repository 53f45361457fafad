import { compileSchema } from '../../../shared/json-schema.ts';
import type { Manifest } from './manifest.ts';

const text = { type: 'string', minLength: 1 };
const count = { type: 'integer', minimum: 0 };

function closed(properties: Record<string, unknown>, required: string[] = []): Record<string, unknown> {
  return { type: 'object', additionalProperties: false, properties, required };
}

const policy = closed(
  {
    type: { enum: ['Pods', 'Percent'] },
    value: { type: 'integer', minimum: 1 },
    periodSeconds: { type: 'integer', minimum: 1, maximum: 1800 },
  },
  ['type', 'value', 'periodSeconds'],
);
const rules = closed({
  stabilizationWindowSeconds: { type: 'integer', minimum: 0, maximum: 3600 },
  selectPolicy: { enum: ['Max', 'Min', 'Disabled'] },
  policies: { type: 'array', minItems: 1, items: policy },
});

/** Of each custom resource, what is used here; https://keda.sh/docs/2.17/reference/scaledobject-spec/ */
const scaledObject = closed(
  {
    scaleTargetRef: closed({ apiVersion: text, kind: text, name: text }, ['name']),
    pollingInterval: count,
    cooldownPeriod: count,
    minReplicaCount: count,
    maxReplicaCount: { type: 'integer', minimum: 1 },
    fallback: closed(
      {
        failureThreshold: count,
        replicas: count,
        behavior: {
          enum: ['static', 'currentReplicas', 'currentReplicasIfHigher', 'currentReplicasIfLower'],
        },
      },
      ['failureThreshold', 'replicas'],
    ),
    advanced: closed({
      horizontalPodAutoscalerConfig: closed({ behavior: closed({ scaleUp: rules, scaleDown: rules }) }),
    }),
    triggers: {
      type: 'array',
      minItems: 1,
      items: closed(
        {
          type: { const: 'metrics-api' },
          metricType: { enum: ['AverageValue', 'Value'] },
          // https://keda.sh/docs/2.17/scalers/metrics-api/ takes texts alone.
          metadata: closed(
            {
              url: { type: 'string', pattern: '^https?://' },
              valueLocation: text,
              targetValue: { type: 'string', pattern: '^[0-9.]+$' },
              format: text,
            },
            ['url', 'valueLocation', 'targetValue'],
          ),
        },
        ['type', 'metadata'],
      ),
    },
  },
  ['scaleTargetRef', 'triggers'],
);

const duration = { type: 'string', pattern: '^[0-9]+h$' };
/** https://cert-manager.io/docs/reference/api-docs/ */
const certificate = closed(
  {
    isCA: { type: 'boolean' },
    commonName: text,
    secretName: text,
    duration,
    renewBefore: duration,
    dnsNames: { type: 'array', minItems: 1, items: text },
    privateKey: closed({
      algorithm: { enum: ['RSA', 'ECDSA', 'Ed25519'] },
      size: count,
      rotationPolicy: { enum: ['Never', 'Always'] },
    }),
    issuerRef: closed({ name: text, kind: { enum: ['Issuer', 'ClusterIssuer'] }, group: text }, ['name']),
  },
  ['secretName', 'issuerRef'],
);
const issuer = {
  ...closed({ selfSigned: closed({}), ca: closed({ secretName: text }, ['secretName']) }),
  minProperties: 1,
  maxProperties: 1,
};

const labels = { type: 'object', additionalProperties: text };
/** https://prometheus-operator.dev/docs/api-reference/api/ */
const podMonitor = closed(
  {
    selector: closed({ matchLabels: labels }, ['matchLabels']),
    podMetricsEndpoints: { type: 'array', minItems: 1, items: closed({ port: text, path: text }, ['port']) },
  },
  ['selector', 'podMetricsEndpoints'],
);
const alert = closed(
  {
    alert: text,
    expr: text,
    for: { type: 'string', pattern: '^[0-9]+m$' },
    labels,
    annotations: labels,
  },
  ['alert', 'expr'],
);
const prometheusRule = closed(
  {
    groups: {
      type: 'array',
      minItems: 1,
      items: closed({ name: text, rules: { type: 'array', items: alert } }, ['name', 'rules']),
    },
  },
  ['groups'],
);

const schemas: Record<string, ReturnType<typeof compileSchema>> = {
  'keda.sh/v1alpha1 ScaledObject': compileSchema(scaledObject),
  'cert-manager.io/v1 Certificate': compileSchema(certificate),
  'cert-manager.io/v1 Issuer': compileSchema(issuer),
  'monitoring.coreos.com/v1 PodMonitor': compileSchema(podMonitor),
  'monitoring.coreos.com/v1 PrometheusRule': compileSchema(prometheusRule),
};

/** The faults of a custom resource's spec, or undefined where its kind is not known. */
export function customFaults({ apiVersion, kind, spec }: Manifest): string[] | undefined {
  const check = schemas[`${String(apiVersion)} ${String(kind)}`];
  return check?.(spec).map(({ pointer, detail }) => `/spec${pointer} ${detail}`);
}
