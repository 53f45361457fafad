import { promises as dns, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import { Agent, buildConnector } from 'undici';
import type { AddressGuard } from '../../shared/webhooks/address-guard.ts';

/** Finds all addresses of a host name; rejects like `dns.lookup`. */
export type Lookup = (hostname: string) => Promise<LookupAddress[]>;

/** Makes what opens connections, of undici's options. */
export type Connector = typeof buildConnector;

export interface GuardedAgentOptions {
  guard: AddressGuard;
  lookup?: Lookup | undefined;
  /** In place of undici's own, which opens sockets. */
  connector?: Connector | undefined;
  /** How long resolving, connecting and the TLS handshake may take, in milliseconds. */
  connectTimeoutMs: number;
}

/** The connection was not made: the host leads to an address that the guard does not allow. */
export class AddressRefused extends Error {
  constructor(hostname: string) {
    // Without the address: what the names of a private network resolve to is not the client's business.
    super(`The host ${hostname} does not lead to a public address.`);
    this.name = 'AddressRefused';
  }
}

/**
 * An agent that connects only where the guard allows. The check sits inside the connection: the addresses that were
 * looked up once are checked and connected to, so a name that changes its answer (DNS rebinding) gains nothing. One
 * forbidden address among several refuses the host. An agent of its own, it follows no redirect and no proxy of the
 * environment.
 */
export function createGuardedAgent({
  guard,
  lookup = lookupAll,
  connector = buildConnector,
  connectTimeoutMs,
}: GuardedAgentOptions): Agent {
  const connect = connector({
    lookup: guardedLookup(guard, lookup),
    timeout: connectTimeoutMs,
    allowH2: false,
    // Said, because NODE_TLS_REJECT_UNAUTHORIZED=0 would else switch it off.
    rejectUnauthorized: true,
  });
  return new Agent({
    // One request at a time on each connection: what one receiver's request does to its socket harms no other.
    allowH2: false,
    connect(options, callback) {
      // Node does not look up what is an address already, so the lookup's check never sees it.
      if (isIP(options.hostname) !== 0 && !guard.allowsAddress(options.hostname, options.hostname)) {
        process.nextTick(callback, new AddressRefused(options.hostname), null);
        return;
      }
      connect(options, callback);
    },
  });
}

function lookupAll(hostname: string): Promise<LookupAddress[]> {
  return dns.lookup(hostname, { all: true });
}

function guardedLookup(guard: AddressGuard, lookup: Lookup): LookupFunction {
  const find = callbackify((hostname: string) => allowedAddresses(hostname, guard, lookup));
  return (hostname, { all = false }, callback) => {
    find(hostname, (error, addresses) => {
      if (error) callback(error, '');
      else if (all) callback(null, addresses);
      else callback(null, addresses[0].address, addresses[0].family);
    });
  };
}

async function allowedAddresses(
  hostname: string,
  guard: AddressGuard,
  lookup: Lookup,
): Promise<[LookupAddress, ...LookupAddress[]]> {
  const [first, ...others] = await lookup(hostname);
  if (!first) throw Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
  for (const { address } of [first, ...others]) {
    if (!guard.allowsAddress(address, hostname)) throw new AddressRefused(hostname);
  }
  return [first, ...others];
}
