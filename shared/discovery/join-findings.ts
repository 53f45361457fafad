import { isDeepStrictEqual } from 'node:util';
import { fullName, type ModelSpec } from '../model.ts';
import type { Finding } from './find-models.ts';

/** What clusters serve together, and what of it is not taken, and why. */
export interface Discovered {
  specs: ModelSpec[];
  warnings: string[];
}

/**
 * Puts findings together that come in the order of their clusters. A name belongs to the namespace that has it first,
 * by the cluster, then by age: nobody takes over another's model by its name. The same object of the same namespace in
 * several clusters is one model with the endpoints of all; where they differ, the first cluster's is taken alone.
 */
export function joinFindings(findings: readonly Finding[], clusters: readonly string[]): Discovered {
  const ordered = [...findings].sort(
    (a, b) =>
      clusters.indexOf(a.cluster) - clusters.indexOf(b.cluster) ||
      compare(a.created, b.created) ||
      compare(a.object, b.object),
  );
  const owners = new Map<string, string>();
  const taken = new Map<string, { object: string; spec: ModelSpec }>();
  const warnings: string[] = [];
  for (const finding of ordered) {
    const fault = take(finding, owners, taken);
    if (fault !== undefined)
      warnings.push(`${finding.object} in cluster ${finding.cluster}: ${plain(fault)}`);
  }
  return { specs: [...taken.values()].map(({ spec }) => spec), warnings };
}

/** Answers why it is not taken. */
function take(
  { object, namespace, reading }: Finding,
  owners: Map<string, string>,
  taken: Map<string, { object: string; spec: ModelSpec }>,
): string | undefined {
  if ('fault' in reading) return reading.fault;
  const { spec } = reading;
  const owner = owners.get(spec.name) ?? namespace;
  if (owner !== namespace) return `the model ${spec.name} belongs to the namespace ${owner}`;
  const first = taken.get(fullName(spec));
  if (first && first.object !== object) return `${fullName(spec)} is already that of ${first.object}`;
  if (first && !isDeepStrictEqual(withoutEndpoints(first.spec), withoutEndpoints(spec)))
    return `${fullName(spec)} has another spec than in the cluster before`;
  const urls = new Set(first?.spec.endpoints.map(({ url }) => url));
  const endpoints = [...(first?.spec.endpoints ?? []), ...spec.endpoints.filter(({ url }) => !urls.has(url))];
  owners.set(spec.name, namespace);
  taken.set(fullName(spec), { object, spec: { ...spec, endpoints } });
  return undefined;
}

function withoutEndpoints({ endpoints: _endpoints, ...rest }: ModelSpec): Omit<ModelSpec, 'endpoints'> {
  return rest;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

const LONGEST = 300;

/** Who asks for readiness sees it: one line, and not much of what a stranger wrote. */
function plain(fault: string): string {
  return fault.replaceAll(/\s+/g, ' ').slice(0, LONGEST);
}
