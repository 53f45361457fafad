import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../support/k8s/cluster.ts';
import { listAt, mapAt, nameOf, textAt, titleOf, type Manifest } from '../support/k8s/manifest.ts';
import type { Scope } from './objects.ts';

const AVAILABLE_WITHIN_MS = 90_000;
/** Nothing that inferq does: packets do not get there. */
const NO_WAY = /dial tcp|connection refused|no such host|unsupported service type|no route to host/;

/**
 * Tells the cluster who serves external metrics, which it did not know before, until the scope ends. Answers why it
 * cannot reach the adapter; throws where it does, and is not content.
 */
export async function registerAdapter(
  scope: Scope,
  cluster: Cluster,
  registration: Manifest,
  ca: string,
): Promise<string | undefined> {
  mapAt(registration, 'spec')['caBundle'] = Buffer.from(ca).toString('base64');
  const path = `/apis/apiregistration.k8s.io/v1/apiservices`;
  // Made, not applied: should somebody else have come first, that is theirs.
  const { status, body } = await cluster.request('POST', path, { body: registration });
  if (status !== 201) throw new Error(`${titleOf(registration)}: ${status} ${textAt(body, 'message')}`);
  scope.teardown(() => cluster.remove(registration));
  let told = '';
  for (const end = Date.now() + AVAILABLE_WITHIN_MS; Date.now() < end; await sleep(500)) {
    const { body } = await cluster.request('GET', `${path}/${nameOf(registration)}`);
    const available = listAt(body, 'status', 'conditions').find(
      (each) => textAt(each, 'type') === 'Available',
    );
    if (textAt(available, 'status') === 'True') return undefined;
    told = textAt(available, 'message');
  }
  if (NO_WAY.test(told)) return told;
  throw new Error(`The API server does not take the adapter: ${told}`);
}
