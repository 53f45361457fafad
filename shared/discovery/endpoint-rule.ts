import { createAllowList } from '../webhooks/allow-list.ts';
import { isPublic, parseAddress, type Address } from '../webhooks/public-address.ts';

/**
 * Where discovered endpoints may lead. What describes them comes from the owners of namespaces, not from the operator:
 * they must not reach through the broker what they cannot reach themselves (SSRF).
 */
export interface EndpointRule {
  /** An address that the cluster gave to a pod, a Service or a load balancer. */
  allowsAddress(address: string): boolean;
  /** Any host, by the operator's word. */
  isListed(hostname: string): boolean;
}

/** Inside networks of pods and Services. */
const INSIDE = new Set(['private', 'uniqueLocal', 'carrierGradeNat']);
/** Where clouds hand out secrets of the machine, inside such networks: AWS over IPv6, Alibaba. */
const METADATA = new Set(['fd00:ec2::254', '100.100.100.200']);

/** Throws an Error that names the entries that cannot be read. */
export function createEndpointRule(allow: readonly string[]): EndpointRule {
  const list = createAllowList(allow, 'INFERQ_DISCOVERY_ALLOW');
  const listsAddress = (text: string): boolean => {
    const address = parseAddress(text);
    return address !== undefined && list.listsAddress(address);
  };
  return {
    allowsAddress(text) {
      const address = parseAddress(text);
      return address !== undefined && (list.listsAddress(address) || isOrdinary(address));
    },
    isListed(hostname) {
      const plain = hostname.replace(/^\[(.*)\]$/, '$1');
      return list.listsName(plain) || listsAddress(plain);
    },
  };
}

/** Not this machine, its links or its cloud. */
function isOrdinary(address: Address): boolean {
  if (METADATA.has(address.toString())) return false;
  return INSIDE.has(address.range()) || isPublic(address);
}
