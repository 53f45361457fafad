import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { parseAddress, type Address } from './public-address.ts';

type Network = [Address, number];
type Entry = { network: Network } | { name: string };

/** What an operator excepts from a rule about addresses. */
export interface AllowList {
  listsName(hostname: string): boolean;
  listsAddress(address: Address): boolean;
}

/**
 * Reads the entries of `INFERQ_WEBHOOK_ALLOW`, or of another variable: CIDRs, addresses and exact host names.
 * Throws one Error that names every entry that is none of these.
 */
export function createAllowList(entries: readonly string[], variable = 'INFERQ_WEBHOOK_ALLOW'): AllowList {
  const parsed = entries.map((entry) => ({ entry, value: parseEntry(entry) }));
  const bad = parsed.filter(({ value }) => value === undefined).map(({ entry }) => JSON.stringify(entry));
  if (bad.length > 0) {
    throw new Error(`${variable}: neither a CIDR nor an address nor a host name: ${bad.join(', ')}`);
  }
  const names = new Set<string>();
  const networks: Network[] = [];
  for (const { value } of parsed) {
    if (value === undefined) continue;
    if ('name' in value) names.add(value.name);
    else networks.push(value.network);
  }
  return {
    listsName: (hostname) => names.has(hostname),
    listsAddress: (address) => networks.some((network) => contains(network, address)),
  };
}

function parseEntry(entry: string): Entry | undefined {
  const network = parseNetwork(entry);
  if (network) return { network };
  // Only what a URL has as its host, unchanged: so "10.1", "0x7f.1", "host:80" and "https://host" are not taken for names.
  const hostname = URL.parse(`https://${entry}`)?.hostname;
  const isName = hostname === entry.toLowerCase() && isIP(hostname) === 0 && /^[a-z0-9._-]+$/.test(hostname);
  return isName ? { name: hostname.replace(/\.$/, '') } : undefined;
}

function parseNetwork(entry: string): Network | undefined {
  const [base = '', ...rest] = entry.split('/');
  const address = parseAddress(base);
  if (!address || rest.length > 1) return undefined;
  if (rest.length === 0) return [address, address instanceof ipaddr.IPv4 ? 32 : 128];
  if (!ipaddr.isValidCIDR(entry)) return undefined;
  return unmapped(ipaddr.parseCIDR(entry));
}

/** Addresses are compared unmapped, so a network written as `::ffff:10.0.0.0/104` has to be `10.0.0.0/8` too. */
function unmapped([base, bits]: Network): Network {
  if (base instanceof ipaddr.IPv6 && base.isIPv4MappedAddress() && bits >= 96) {
    return [base.toIPv4Address(), bits - 96];
  }
  return [base, bits];
}

function contains(network: Network, address: Address): boolean {
  return network[0].kind() === address.kind() && address.match(network);
}
