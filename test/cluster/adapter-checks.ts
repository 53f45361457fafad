import type { ExecutionContext } from 'ava';
import { createAuthority } from '../support/certificates.ts';
import type { Cluster } from '../support/k8s/cluster.ts';
import { listAt, textAt } from '../support/k8s/manifest.ts';
import { askAdapter, PROXY, PROXY_NAME } from '../support/metrics-adapter.ts';
import { MODEL, type AdapterPlace } from './world.ts';

const GROUP = '/apis/external.metrics.k8s.io/v1beta1';

/** Whoever comes past the API server is turned away, whatever they say of themselves. */
export async function strangersAreTurnedAway(
  t: ExecutionContext,
  cluster: Cluster,
  { url, ca, servername }: AdapterPlace,
): Promise<void> {
  const forged = { ...PROXY, 'x-remote-group': 'system:masters' };
  const strangers: [string, { cert: string; key: string } | undefined][] = [
    ['no certificate', undefined],
    ['a certificate of another CA', createAuthority('front-proxy-ca').sign(PROXY_NAME)],
    ['a certificate of the cluster, but for clients of its API', cluster.clientCertificate()],
  ];
  for (const [who, client] of strangers)
    for (const path of [GROUP, `${GROUP}/namespaces/any/inferq_outstanding_jobs`]) {
      const { status } = await askAdapter(url + path, { client, headers: forged, ca, servername });
      t.is(status, 401, `${who}: ${path}`);
    }
}

/** Through the API server: whoever may, and nobody else. */
export async function theClusterIsAnswered(
  t: ExecutionContext,
  cluster: Cluster,
  namespace: string,
): Promise<void> {
  const { status, body } = await cluster.request('GET', GROUP);
  t.is(status, 200, JSON.stringify(body));
  const metrics = listAt(body, 'resources').map((each) => textAt(each, 'name'));
  t.true(metrics.includes('inferq_outstanding_jobs'), metrics.join());
  const path = `${GROUP}/namespaces/${namespace}/inferq_outstanding_jobs?labelSelector=model%3D${MODEL}`;
  const asked = await cluster.request('GET', path);
  t.is(textAt(listAt(asked.body, 'items')[0], 'value'), '0', JSON.stringify(asked.body));
  const unknown = await cluster.request('GET', path.replace(MODEL, 'nobody'));
  t.is(unknown.status, 404, 'an error, and no empty list');
  const as = async (user: string): Promise<number> =>
    (await cluster.request('GET', path, { headers: { 'impersonate-user': user } })).status;
  t.is(await as('system:serviceaccount:kube-system:horizontal-pod-autoscaler'), 200);
  t.is(await as('somebody'), 403);
}
