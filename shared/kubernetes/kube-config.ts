import type { KubeConfig } from '@kubernetes/client-node';

/** The service account of the pod. */
export const IN_CLUSTER = 'in-cluster';

/**
 * What is known of a cluster, from a kubeconfig (with a context of it) or from the pod itself; always an object of its
 * own: one that is shared moves to another cluster under its watches when its context changes. It is read each time:
 * credentials are renewed. The client is loaded when it is first needed: it costs some 80 MB.
 */
export async function openKubeConfig(place: string, context?: string): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  if (place === IN_CLUSTER) config.loadFromCluster();
  else config.loadFromFile(place);
  if (context !== undefined) {
    if (!config.getContextObject(context)) throw new Error(`${place} has no context ${context}.`);
    config.setCurrentContext(context);
  }
  if (!config.getCurrentCluster()) throw new Error(`${place} names no cluster.`);
  return config;
}
