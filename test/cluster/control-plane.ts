import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { Cluster } from '../support/k8s/cluster.ts';
import {
  at,
  isMap,
  kindOf,
  listAt,
  nameOf,
  ofKind,
  podLabels,
  podOf,
  textAt,
  titleOf,
  type Manifest,
} from '../support/k8s/manifest.ts';
import { found, lay, overlay, type Scope } from './objects.ts';

export const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
const POLICY = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/';

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

/** Applies the foundations of an overlay: accounts, rights, policies. */
export async function layFoundation(scope: Scope, cluster: Cluster, namespace: string): Promise<void> {
  const objects = await overlay('multi-cluster', namespace);
  for (const object of FOUNDATION.flatMap((kind) => ofKind(objects, kind)))
    if ((await cluster.pathOf(object)) !== undefined) await lay(scope, cluster, object, namespace);
}

/** The API server's own judgement, strict about unknown fields; kinds that it does not know are told. */
export async function judgeOverlays(t: ExecutionContext, cluster: Cluster, namespace: string): Promise<void> {
  for (const name of ['dev', 'production', 'multi-cluster', 'keda']) {
    for (const object of await overlay(name, namespace)) {
      if ((await cluster.pathOf(object)) === undefined) {
        t.log(`${titleOf(object)} was not judged: the cluster has no such kind`);
        continue;
      }
      const { status, headers, body } = await cluster.apply(object, { dryRun: true });
      t.true(status < 300, `${name} ${titleOf(object)}: ${status} ${textAt(body, 'message')}`);
      // A newer API server may warn of something else.
      const warning = headers['warning'] ?? '';
      t.notRegex(warning, /PodSecurity|unknown field|duplicate/, `${name} ${titleOf(object)}`);
      if (warning !== '') t.log(`${titleOf(object)}: ${warning}`);
    }
  }
}

/** A pod of each role under the namespace's standard: Deployments are taken whatever their pods are. */
export async function admitPods(t: ExecutionContext, cluster: Cluster, namespace: string): Promise<void> {
  for (const workload of ofKind(await overlay('multi-cluster', namespace), 'Deployment', 'StatefulSet')) {
    const pod = podFrom(workload, `judged-${nameOf(workload)}`, namespace);
    const { status, body } = await cluster.request(
      'POST',
      `/api/v1/namespaces/${namespace}/pods?dryRun=All`,
      {
        body: pod,
      },
    );
    t.is(status, 201, `${titleOf(workload)}: ${textAt(body, 'message')}`);
  }
  const [api] = ofKind(await overlay('production', namespace), 'Deployment');
  const rootful = podFrom(api ?? {}, 'judged-root', namespace);
  rootful.spec['securityContext'] = {};
  const refused = await cluster.request('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, {
    body: rootful,
  });
  t.is(refused.status, 403, 'a pod that may run as root');
}

/** Who may do what: account, verb, group/resource, namespace (empty: that of the broker), and whether. */
const ACCESS: [string, string, string, string, boolean][] = [
  ['worker-small', 'patch', '/pods', '', true],
  ['worker-small', 'delete', '/pods', '', false],
  ['worker-small', 'get', '/secrets', '', false],
  ['worker-small', 'patch', '/pods', 'default', false],
  ['api', 'watch', '/services', 'default', true],
  ['api', 'get', '/secrets', '', false],
  ['api', 'patch', '/services', 'default', false],
  ['worker-large', 'list', 'discovery.k8s.io/endpointslices', 'default', true],
  ['metrics-adapter', 'watch', '/pods', 'default', true],
  ['metrics-adapter', 'patch', '/pods', '', false],
  ['metrics-adapter', 'get', '/configmaps/extension-apiserver-authentication', 'kube-system', true],
  ['metrics-adapter', 'get', '/secrets', 'kube-system', false],
  ['api', 'get', '/pods', '', false],
  ['webhook-worker', 'get', '/pods', '', false],
];

export async function reviewAccess(t: ExecutionContext, cluster: Cluster, own: string): Promise<void> {
  for (const [account, verb, target, elsewhere, allowed] of ACCESS) {
    const namespace = elsewhere || own;
    const [group = '', resource = '', name = ''] = target.split('/');
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: `system:serviceaccount:${own}:${account}`,
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
export async function confineWorkers(
  t: ExecutionContext,
  cluster: Cluster,
  namespace: string,
): Promise<void> {
  const workload = found(await overlay('production', namespace), 'Deployment/worker-small');
  const pods = await Promise.all(
    ['own-pod', 'other-pod'].map(async (name) => {
      const pod = podFrom(workload, name, namespace);
      // No scheduler takes it, so it stays as it is.
      pod.spec['schedulerName'] = 'nobody';
      const { status, body } = await cluster.request('POST', `/api/v1/namespaces/${namespace}/pods`, {
        body: pod,
      });
      t.is(status, 201, textAt(body, 'message'));
      t.teardown(() => cluster.remove(pod));
      return isMap(body) ? body : {};
    }),
  );
  const worker = await cluster.as({ namespace, name: 'worker-small', pod: pods[0] ?? {} });
  const patch = async (name: string, metadata: Record<string, unknown>): Promise<string> => {
    const { status, body } = await worker.request('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}`, {
      body: { metadata },
      type: 'application/merge-patch+json',
    });
    return status === 200 ? 'done' : `${status} ${textAt(body, 'message')}`;
  };
  const cost = { annotations: { [DELETION_COST]: '7' } };
  // A new policy takes the API server a moment.
  for (let left = 100; left > 0 && (await patch('other-pod', cost)) === 'done'; left--) await sleep(300);
  t.regex(await patch('other-pod', cost), /no pod but its own/);
  t.is(await patch('own-pod', cost), 'done');
  t.is(await patch('own-pod', { annotations: { [DELETION_COST]: '9' } }), 'done');
  t.regex(await patch('own-pod', { annotations: { other: 'x' } }), /no annotation of its pod but/);
  t.regex(await patch('own-pod', { labels: { 'app.kubernetes.io/name': 'redis' } }), /no more of its pod/);
  const { body } = await cluster.request('GET', POLICY + nameOf(await policyOf(namespace)));
  t.deepEqual(listAt(body, 'status', 'typeChecking', 'expressionWarnings'), []);
}

async function policyOf(namespace: string): Promise<Manifest> {
  const [policy = {}] = ofKind(await overlay('production', namespace), 'ValidatingAdmissionPolicy');
  return policy;
}

function podFrom(
  workload: Manifest,
  name: string,
  namespace: string,
): Manifest & { spec: Record<string, unknown> } {
  const { ...spec } = podOf(workload);
  const claims = kindOf(workload) === 'StatefulSet' ? [{ name: 'data', emptyDir: {} }] : [];
  const volumes = spec['volumes'];
  if (Array.isArray(volumes)) spec['volumes'] = [...volumes, ...claims];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { ...podLabels(workload), 'inferq.dev/test': 'true' } },
    spec,
  };
}
