import type { Cluster } from '../support/k8s/cluster.ts';
import { listAt, textAt } from '../support/k8s/manifest.ts';

/** What a cluster lacks for a part of the checks, as a person is told; undefined: nothing. */
export interface Lacks {
  /** Deployments become pods, autoscalers look, slices are written. */
  controllers: string | undefined;
  /** Nobody serves external metrics yet, and this machine can. */
  metrics: string | undefined;
  admissionPolicies: string | undefined;
}

export interface Abilities {
  lacks: Lacks;
  /** The image that pods run; undefined: processes of this machine stand in for them. */
  image: string | undefined;
}

const FRESH_MS = 60_000;
const METRICS = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io';

/** Changes nothing. Throws where the cluster does not answer, or not to whom KUBECONFIG names. */
export async function lookAt(cluster: Cluster, image: string | undefined): Promise<Abilities> {
  const { status, body } = await cluster.request('GET', '/version');
  if (status !== 200) throw new Error(`${cluster.name} answers ${status}: ${JSON.stringify(body)}`);
  const runsPods = image !== undefined && (await hasNodes(cluster));
  if (image !== undefined && !runsPods)
    throw new Error(`INFERQ_CLUSTER_IMAGE is ${image}, but ${cluster.name} has no node that is ready.`);
  return {
    image,
    lacks: {
      controllers: (await hasControllers(cluster)) ? undefined : 'there is no controller manager',
      metrics: await lacksMetrics(cluster, runsPods),
      admissionPolicies: (await hasPolicies(cluster))
        ? undefined
        : `${textAt(body, 'gitVersion')} has no ValidatingAdmissionPolicy; that takes 1.30`,
    },
  };
}

async function hasNodes(cluster: Cluster): Promise<boolean> {
  const { body } = await cluster.request('GET', '/api/v1/nodes');
  return listAt(body, 'items').some((node) =>
    listAt(node, 'status', 'conditions').some(
      (each) => textAt(each, 'type') === 'Ready' && textAt(each, 'status') === 'True',
    ),
  );
}

/** Its lease is fresh; without leader election there is none, and what it makes in each namespace tells. */
async function hasControllers(cluster: Cluster): Promise<boolean> {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
  const { status, body } = await cluster.request('GET', `${leases}/kube-controller-manager`);
  if (status === 200) return Date.now() - Date.parse(textAt(body, 'spec', 'renewTime')) < FRESH_MS;
  const account = await cluster.request('GET', '/api/v1/namespaces/default/serviceaccounts/default');
  return account.status === 200;
}

async function lacksMetrics(cluster: Cluster, runsPods: boolean): Promise<string | undefined> {
  const { status, body } = await cluster.request('GET', METRICS);
  if (status !== 404) {
    const { namespace = '', name = '' } = Object(
      Reflect.get(Object(Reflect.get(Object(body), 'spec')), 'service'),
    );
    return `${namespace}/${name} serves external metrics there`;
  }
  if (runsPods || cluster.isLocal) return undefined;
  return 'its API server cannot reach processes of this machine; INFERQ_CLUSTER_IMAGE would name an image for pods';
}

async function hasPolicies(cluster: Cluster): Promise<boolean> {
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'any' },
  };
  return (await cluster.pathOf(policy)) !== undefined;
}
