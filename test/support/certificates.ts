import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';

export interface Certificate {
  cert: string;
  key: string;
}

export interface Authority extends Certificate {
  /** A certificate of this common name, for a server at 127.0.0.1 (and of other names) or for a client. */
  sign(commonName: string, hosts?: readonly string[]): Certificate;
}

/** An authority of the test's own. */
export function createAuthority(commonName: string): Authority {
  const key = newKey();
  const own = makeCertificate(commonName, key, commonName, key);
  return {
    cert: own,
    key,
    sign(name, hosts = []) {
      const leafKey = newKey();
      return { key: leafKey, cert: makeCertificate(name, leafKey, commonName, key, hosts) };
    },
  };
}

function newKey(): string {
  // Node makes keys many times faster than forge.
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey;
}

let serial = 1;

function makeCertificate(
  name: string,
  key: string,
  issuer: string,
  issuerKey: string,
  hosts?: readonly string[],
): string {
  const isCa = hosts === undefined;
  const privateKey = forge.pki.privateKeyFromPem(key);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(privateKey.n, privateKey.e);
  certificate.serialNumber = (serial++).toString(16).padStart(4, '0');
  certificate.validity.notBefore = new Date(Date.now() - 3_600_000);
  certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
  certificate.setSubject([{ name: 'commonName', value: name }]);
  certificate.setIssuer([{ name: 'commonName', value: issuer }]);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: isCa, critical: true },
    ...(isCa
      ? [{ name: 'keyUsage', keyCertSign: true, digitalSignature: true }]
      : [
          { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
          {
            name: 'subjectAltName',
            altNames: [{ type: 7, ip: '127.0.0.1' }, ...hosts.map((value) => ({ type: 2, value }))],
          },
        ]),
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(issuerKey), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}
