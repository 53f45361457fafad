import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** RFC 6052: on networks with DNS64 every IPv4-only receiver is found under this prefix. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/** RFC 4291: the only part of IPv6 that IANA hands out. ipaddr.js calls all that it has no name for `unicast`. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/** Addresses out of public blocks that a cloud answers itself, with secrets of the machine: Azure's WireServer. */
const CLOUD_SERVICES: ReadonlySet<string> = new Set(['168.63.129.16']);

/** Reads an address as resolvers and URLs print it; IPv4 inside `::ffff:0:0/96` becomes that IPv4 address. */
export function parseAddress(text: string): Address | undefined {
  return isIP(text) === 0 ? undefined : ipaddr.process(text);
}

/**
 * Whether an address leads to the public internet, after the special-purpose registries of IANA (RFC 6890).
 * NAT64 is judged by the IPv4 address inside; 6to4, Teredo and other transition prefixes are never public.
 */
export function isPublic(address: Address): boolean {
  if (address instanceof ipaddr.IPv4) {
    return address.range() === 'unicast' && !CLOUD_SERVICES.has(address.toString());
  }
  if (address.match(NAT64)) return isPublic(new ipaddr.IPv4(address.toByteArray().slice(12)));
  return address.range() === 'unicast' && address.match(GLOBAL_UNICAST);
}

export function isLoopback(address: Address): boolean {
  return address.range() === 'loopback';
}
