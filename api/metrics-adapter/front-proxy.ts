import type { IncomingHttpHeaders } from 'node:http';

/** Whom the API server of the cluster sends: how its front proxy is known, and where it says for whom it asks. */
export interface FrontProxy {
  /** PEM, one certificate or several. */
  ca: string;
  /** Common names of its certificate; empty: any that the CA has signed. */
  names: readonly string[];
  /** Lower case. */
  userHeaders: readonly string[];
}

/** What TLS says of who asks. */
export interface Peer {
  /** The certificate was signed by the front proxy's CA. */
  verified: boolean;
  commonName: string | undefined;
}

/**
 * Why a request is not answered; undefined where it is. The user's name is worth something only beside the certificate
 * of the front proxy, which has asked the API server whether that user may.
 */
export function refusal(
  proxy: FrontProxy,
  { verified, commonName }: Peer,
  headers: IncomingHttpHeaders,
): string | undefined {
  if (!verified) return 'Only the API server of the cluster may ask here, with its front proxy certificate.';
  if (proxy.names.length > 0 && !proxy.names.includes(commonName ?? ''))
    return 'The certificate is of the right CA, but not of the front proxy.';
  const user = proxy.userHeaders.find((name) => headers[name] !== undefined && headers[name] !== '');
  return user === undefined ? 'The front proxy does not say for whom it asks.' : undefined;
}
