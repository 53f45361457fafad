import { METRICS } from './external-metrics.ts';

const GROUP = 'external.metrics.k8s.io';
export const GROUP_VERSION = `${GROUP}/v1beta1`;

const version = { groupVersion: GROUP_VERSION, version: 'v1beta1' };
const group = { name: GROUP, versions: [version], preferredVersion: version };

/** What the API server of a cluster asks to learn what is served here, by path. */
export const DISCOVERY_DOCUMENTS: Readonly<Record<string, unknown>> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [group] },
  [`/apis/${GROUP}`]: { kind: 'APIGroup', apiVersion: 'v1', ...group },
  [`/apis/${GROUP_VERSION}`]: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: GROUP_VERSION,
    resources: Object.keys(METRICS).map((name) => ({
      name,
      singularName: '',
      namespaced: true,
      kind: 'ExternalMetricValueList',
      verbs: ['get'],
    })),
  },
  // Nothing is described here; but without an answer the API server asks again and again, and logs an error each time.
  '/openapi/v2': { swagger: '2.0', info: { title: GROUP, version: 'v1beta1' }, paths: {} },
};
