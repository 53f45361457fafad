import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { Cluster } from '../support/k8s/cluster.ts';
import { renderKustomization } from '../support/k8s/kustomize.ts';
import {
  at,
  kindOf,
  nameOf,
  ofKind,
  podLabels,
  podOf,
  textAt,
  titleOf,
  type Manifest,
} from '../support/k8s/manifest.ts';

const OVERLAYS = path.join(import.meta.dirname, '../../k8s/overlays');

/** What must be there before the API server can judge the rest. */
const FOUNDATION = [
  'Namespace',
  'ServiceAccount',
  'PriorityClass',
  'Role',
  'ClusterRole',
  'RoleBinding',
  'ClusterRoleBinding',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'NetworkPolicy',
];

export function overlay(name: string): Promise<Manifest[]> {
  return renderKustomization(path.join(OVERLAYS, name));
}

/** Applies the foundations of an overlay; answers how to take them away. */
export async function layFoundation(
  cluster: Cluster,
  objects: readonly Manifest[],
): Promise<() => Promise<void>> {
  const laid = FOUNDATION.flatMap((kind) => ofKind(objects, kind));
  for (const object of laid) {
    const { status, body } = await cluster.apply(object);
    if (status >= 300) throw new Error(`${titleOf(object)}: ${status} ${textAt(body, 'message')}`);
  }
  return async () => {
    for (const object of laid.toReversed()) await cluster.remove(object);
  };
}

/** The API server's own judgement, strict about unknown fields; kinds that it does not know are told. */
export async function judgeOverlays(t: ExecutionContext, cluster: Cluster): Promise<void> {
  for (const name of ['dev', 'production', 'multi-cluster', 'keda']) {
    for (const object of await overlay(name)) {
      if ((await cluster.pathOf(object)) === undefined) {
        t.log(`${titleOf(object)} was not judged: the cluster has no such kind`);
        continue;
      }
      const { status, headers, body } = await cluster.apply(object, { dryRun: true });
      t.true(status < 300, `${name} ${titleOf(object)}: ${status} ${textAt(body, 'message')}`);
      t.is(headers['warning'], undefined, `${name} ${titleOf(object)}`);
    }
  }
}

/** A pod of each role under the namespace's standard: Deployments are taken whatever their pods are. */
export async function admitPods(t: ExecutionContext, cluster: Cluster): Promise<void> {
  for (const workload of ofKind(await overlay('multi-cluster'), 'Deployment', 'StatefulSet')) {
    const pod = podFrom(workload, `judged-${nameOf(workload)}`);
    const { status, body } = await cluster.request('POST', '/api/v1/namespaces/inferq/pods?dryRun=All', {
      body: pod,
    });
    t.is(status, 201, `${titleOf(workload)}: ${textAt(body, 'message')}`);
  }
  const [api] = ofKind(await overlay('production'), 'Deployment');
  const rootful = podFrom(api ?? {}, 'judged-root');
  rootful.spec['securityContext'] = {};
  const refused = await cluster.request('POST', '/api/v1/namespaces/inferq/pods?dryRun=All', {
    body: rootful,
  });
  t.is(refused.status, 403, 'a pod that may run as root');
}

/** Who may do what: account, verb, group/resource, namespace, and whether. */
const ACCESS: [string, string, string, string, boolean][] = [
  ['worker-small', 'patch', '/pods', 'inferq', true],
  ['worker-small', 'delete', '/pods', 'inferq', false],
  ['worker-small', 'get', '/secrets', 'inferq', false],
  ['worker-small', 'patch', '/pods', 'default', false],
  ['api', 'watch', '/services', 'default', true],
  ['api', 'get', '/secrets', 'inferq', false],
  ['api', 'patch', '/services', 'default', false],
  ['worker-large', 'list', 'discovery.k8s.io/endpointslices', 'default', true],
  ['metrics-adapter', 'watch', '/pods', 'default', true],
  ['metrics-adapter', 'patch', '/pods', 'inferq', false],
  ['metrics-adapter', 'get', '/configmaps/extension-apiserver-authentication', 'kube-system', true],
  ['metrics-adapter', 'get', '/secrets', 'kube-system', false],
  ['api', 'get', '/pods', 'inferq', false],
  ['webhook-worker', 'get', '/pods', 'inferq', false],
];

export async function reviewAccess(t: ExecutionContext, cluster: Cluster): Promise<void> {
  for (const [account, verb, target, namespace, allowed] of ACCESS) {
    const [group = '', resource = '', name = ''] = target.split('/');
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: `system:serviceaccount:inferq:${account}`,
        resourceAttributes: { namespace, verb, group, resource, name },
      },
    };
    const { body } = await cluster.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      body: review,
    });
    t.is(at(body, 'status', 'allowed'), allowed, `${account} ${verb} ${target} in ${namespace}`);
  }
}

/** A worker may put a cost on its own pod, and change nothing else, neither there nor on its neighbour's. */
export async function confineWorkers(t: ExecutionContext, cluster: Cluster): Promise<void> {
  const workload =
    ofKind(await overlay('production'), 'Deployment').find((each) => nameOf(each) === 'worker-small') ?? {};
  const pods = ['own-pod', 'other-pod'].map((name) => podFrom(workload, name));
  for (const pod of pods) {
    const { status, body } = await cluster.request('POST', '/api/v1/namespaces/inferq/pods', { body: pod });
    t.is(status, 201, textAt(body, 'message'));
  }
  t.teardown(async () => {
    for (const pod of pods) await cluster.remove(pod);
  });
  const patch = async (name: string, metadata: Record<string, unknown>): Promise<number> => {
    const { status } = await cluster.request('PATCH', `/api/v1/namespaces/inferq/pods/${name}`, {
      body: { metadata },
      type: 'application/merge-patch+json',
      headers: {
        'impersonate-user': 'system:serviceaccount:inferq:worker-small',
        'impersonate-group': 'system:serviceaccounts',
        'impersonate-extra-authentication.kubernetes.io%2Fpod-name': 'own-pod',
      },
    });
    return status;
  };
  const cost = { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '7' } };
  // A new policy takes the API server a moment.
  for (let left = 100; left > 0 && (await patch('other-pod', cost)) < 400; left--) await sleep(300);
  t.true((await patch('other-pod', cost)) >= 400, 'the cost of another pod');
  t.is(await patch('own-pod', cost), 200, 'the cost of its own pod');
  t.is(await patch('own-pod', { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '9' } }), 200);
  t.true((await patch('own-pod', { annotations: { other: 'x' } })) >= 400, 'another annotation');
  t.true((await patch('own-pod', { labels: { 'app.kubernetes.io/name': 'redis' } })) >= 400, 'a label');
}

function podFrom(workload: Manifest, name: string): Manifest & { spec: Record<string, unknown> } {
  const { ...spec } = podOf(workload);
  const claims = kindOf(workload) === 'StatefulSet' ? [{ name: 'data', emptyDir: {} }] : [];
  const volumes = spec['volumes'];
  if (Array.isArray(volumes)) spec['volumes'] = [...volumes, ...claims];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'inferq', labels: { ...podLabels(workload), 'inferq.dev/test': 'true' } },
    spec,
  };
}
