import type { Environment } from '../config.ts';
import { IN_CLUSTER } from '../kubernetes/kube-config.ts';
import { messageOf } from '../errors.ts';
import { createEndpointRule } from './endpoint-rule.ts';

/** A cluster in which models are looked for: a kubeconfig with a context of it, or the one that this pod is in. */
export interface ClusterPlace {
  name: string;
  place: string;
  context: string | undefined;
}

export interface DiscoveryConfig {
  /** In the order in which they have the say about a name; none: nothing is looked for. */
  clusters: ClusterPlace[];
  /** Empty: all. */
  namespaces: string[];
  /** CIDRs and hosts that endpoints may have beside those that belong to their Service. */
  allow: string[];
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Adds to `faults` what cannot be used. */
export function readDiscoveryConfig(env: Environment, faults: string[]): DiscoveryConfig {
  const clusters = listOf(env['INFERQ_DISCOVERY']).map(parsePlace);
  const names = clusters.map(({ name }) => name);
  for (const { name, place } of clusters)
    if (!NAME.test(name) || place === '')
      faults.push(
        `INFERQ_DISCOVERY has '${name}=${place}': write ${IN_CLUSTER}, name=kubeconfig or name=kubeconfig#context.`,
      );
  for (const name of new Set(names.filter((each, at) => names.indexOf(each) !== at)))
    faults.push(`INFERQ_DISCOVERY has two clusters with the name '${name}'.`);
  const namespaces = listOf(env['INFERQ_DISCOVERY_NAMESPACES']);
  for (const namespace of namespaces)
    if (!NAME.test(namespace))
      faults.push(`INFERQ_DISCOVERY_NAMESPACES has '${namespace}', which is no name of a namespace.`);
  const allow = listOf(env['INFERQ_DISCOVERY_ALLOW']);
  try {
    createEndpointRule(allow);
  } catch (error) {
    faults.push(messageOf(error));
  }
  return { clusters, namespaces, allow };
}

function parsePlace(entry: string): ClusterPlace {
  if (entry === IN_CLUSTER) return { name: IN_CLUSTER, place: IN_CLUSTER, context: undefined };
  const [, name = '', place = '', context] = /^([^=]*)=([^#]*)(?:#(.+))?$/.exec(entry) ?? ['', entry];
  return { name, place, context };
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
