import type { Environment } from './config.ts';

/** The pod that a worker runs in. */
export interface PodPlace {
  name: string;
  namespace: string;
  /** Undefined: the cluster that the pod is in. */
  kubeconfig: string | undefined;
}

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/** Undefined where the worker is not told its pod. Adds to `faults` what cannot be used. */
export function readPodPlace(env: Environment, faults: string[]): PodPlace | undefined {
  const { POD_NAME: name, POD_NAMESPACE: namespace, INFERQ_KUBECONFIG: kubeconfig } = env;
  if (!name && !namespace) return undefined;
  if (name && namespace && NAME.test(name) && NAME.test(namespace))
    return { name, namespace, kubeconfig: kubeconfig || undefined };
  faults.push('POD_NAME and POD_NAMESPACE must both be set, to the name of the pod and of its namespace.');
  return undefined;
}
