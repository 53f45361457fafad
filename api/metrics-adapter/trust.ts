import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { FrontProxy } from './front-proxy.ts';

/** Where the front proxy's CA is told. */
export type TrustSource = () => Promise<FrontProxy>;

const DEFAULT_HEADER = 'x-remote-user';

/** From a file, for a machine that has no cluster. */
export function trustFile(file: string, names: readonly string[]): TrustSource {
  return async () => checked({ ca: await readFile(file, 'utf8'), names, userHeaders: [DEFAULT_HEADER] });
}

/** From what a cluster publishes for servers like this one: the data of `extension-apiserver-authentication`. */
export function trustCluster(readConfigMap: () => Promise<Readonly<Record<string, string>>>): TrustSource {
  return async () => {
    const data = await readConfigMap();
    const headers = listOf(data['requestheader-username-headers']).map((name) => name.toLowerCase());
    return checked({
      ca: data['requestheader-client-ca-file'] ?? '',
      names: listOf(data['requestheader-allowed-names']),
      userHeaders: headers.length > 0 ? headers : [DEFAULT_HEADER],
    });
  };
}

/** Without a CA of its own, TLS would believe every public one. Throws an Error that says so. */
function checked(proxy: FrontProxy): FrontProxy {
  const certificates = proxy.ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) throw new Error("The front proxy's CA holds no certificate.");
  for (const certificate of certificates) void new X509Certificate(certificate);
  return proxy;
}

/** A list as Kubernetes writes it there: JSON. */
function listOf(text: string | undefined): string[] {
  const value: unknown = JSON.parse(text || '[]');
  return Array.isArray(value) ? value.map(String).filter((entry) => entry !== '') : [];
}
