import { createAllowList } from './allow-list.ts';
import { isBlockedPort } from './blocked-ports.ts';
import { isLoopback, isPublic, parseAddress } from './public-address.ts';

/** Decides where webhooks may go, so that nobody reaches the broker's own network through them (SSRF). */
export interface AddressGuard {
  /**
   * A sentence for the client that says why the URL is refused, or undefined. Names are not resolved: that a URL
   * passes here is an early answer, `allowsAddress` on the connection is what protects.
   */
  checkUrl(url: string): string | undefined;
  /** Whether a connection may be made to `address`, which `hostname` resolved to (or is, without brackets). */
  allowsAddress(address: string, hostname: string): boolean;
}

export interface AddressGuardOptions {
  /** CIDRs, addresses and host names that may be called although they are not public, with plain http as well. */
  allow: readonly string[];
}

const NOT_A_URL = 'The webhook URL is not a valid URL.';
const NOT_HTTPS = 'The webhook URL must use https.';
const HTTP_NOT_LISTED =
  'The webhook URL must use https: plain http is only for hosts that the operator lists.';
const CREDENTIALS = 'The webhook URL must not contain a user name or a password.';
const PORT = 'The webhook URL must not name a port of another protocol.';
const NOT_PUBLIC = 'The webhook URL must lead to a public address.';

/** Throws an Error that names the entries of `allow` that cannot be read. */
export function createAddressGuard({ allow }: AddressGuardOptions): AddressGuard {
  const list = createAllowList(allow);
  const loopbackListed = ['127.0.0.1', '::1'].some(listsAddress);

  function listsAddress(text: string): boolean {
    const address = parseAddress(text);
    return address !== undefined && list.listsAddress(address);
  }

  /** Who lists 127.0.0.1 means localhost too, though it may resolve to ::1 as well. */
  function isListed(hostname: string): boolean {
    return list.listsName(hostname) || listsAddress(hostname) || (isLocalhost(hostname) && loopbackListed);
  }

  return {
    checkUrl(text) {
      const url = parseUrl(text);
      if (!url) return NOT_A_URL;
      if (url.protocol !== 'https:' && url.protocol !== 'http:') return NOT_HTTPS;
      if (url.username !== '' || url.password !== '') return CREDENTIALS;
      if (isBlockedPort(url.port)) return PORT;
      const hostname = plainHostname(url.hostname);
      if (isListed(hostname)) return undefined;
      return url.protocol === 'http:' ? HTTP_NOT_LISTED : checkUnlisted(hostname);
    },
    allowsAddress(text, host) {
      const address = parseAddress(text);
      if (!address) return false;
      const hostname = plainHostname(host);
      if (list.listsName(hostname) || list.listsAddress(address)) return true;
      if (isLocalhost(hostname) && isLoopback(address)) return loopbackListed;
      return isPublic(address);
    },
  };
}

function checkUnlisted(hostname: string): string | undefined {
  const address = parseAddress(hostname);
  const isInternal = address ? !isPublic(address) : isLocalhost(hostname);
  return isInternal ? NOT_PUBLIC : undefined;
}

/** URL.parse drops tabs, line ends and outer blanks in silence: what is recorded would not be what is called. */
function parseUrl(text: string): URL | null {
  return /[\p{Cc}\s]/u.test(text) ? null : URL.parse(text);
}

/** Names are compared without the root's dot, IPv6 addresses without the brackets of URLs. */
function plainHostname(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.+$/, '');
}

/** RFC 6761: this name and all below it are the machine itself. */
function isLocalhost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost');
}
