import { askCluster } from './ask.ts';
import { IN_CLUSTER, openKubeConfig } from './kube-config.ts';

const PATH = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
const TIMEOUT_MS = 5000;

/** Reads what a cluster publishes for servers that stand behind its own: the data of that ConfigMap. */
export function readAuthenticationMap(
  kubeconfig: string | undefined,
): () => Promise<Readonly<Record<string, string>>> {
  return async () => {
    const { status, body } = await askCluster(await openKubeConfig(kubeconfig ?? IN_CLUSTER), {
      method: 'GET',
      path: PATH,
      timeoutMs: TIMEOUT_MS,
    });
    if (status !== 200 || !isConfigMap(body))
      throw new Error(
        `The cluster answered ${status} for the ConfigMap extension-apiserver-authentication in kube-system: ` +
          'the role extension-apiserver-authentication-reader lets it be read.',
      );
    return body.data;
  };
}

function isConfigMap(body: unknown): body is { data: Record<string, string> } {
  return typeof body === 'object' && body !== null && 'data' in body && typeof body.data === 'object';
}
