import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../shared/errors.ts';
import type { FrontProxy } from './front-proxy.ts';
import type { TrustSource } from './trust.ts';

/** All that a TLS connection is decided by. */
export interface TlsMaterial {
  key: string;
  cert: string;
  proxy: FrontProxy;
}

export interface TlsMaterialParts {
  keyFile: string;
  certFile: string;
  trust: TrustSource;
  everyMs: number;
  /** Told of each new fault; what was read before stays in force. */
  onFault: (error: unknown) => void;
}

/** Keeps certificate, key and the front proxy's CA as they are now; all of them are renewed while it runs. */
export function createTlsMaterial({ keyFile, certFile, trust, everyMs, onFault }: TlsMaterialParts) {
  const stopping = new AbortController();
  let watching = Promise.resolve();
  let fault: string | undefined;

  /** Throws what is wrong, also with a key that is not that of the certificate, as in the middle of a change. */
  async function read(): Promise<TlsMaterial> {
    const [key, cert, proxy] = await Promise.all([
      readFile(keyFile, 'utf8'),
      readFile(certFile, 'utf8'),
      trust(),
    ]);
    createSecureContext({ key, cert, ca: proxy.ca });
    return { key, cert, proxy };
  }

  async function watch(first: TlsMaterial, onChange: (material: TlsMaterial) => void): Promise<void> {
    let last = JSON.stringify(first);
    while (!stopping.signal.aborted) {
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      try {
        const material = await read();
        if (JSON.stringify(material) !== last) onChange(material);
        last = JSON.stringify(material);
        fault = undefined;
      } catch (error) {
        if (messageOf(error) !== fault) onFault(error);
        fault = messageOf(error);
      }
    }
  }

  return {
    read,
    start(first: TlsMaterial, onChange: (material: TlsMaterial) => void): void {
      watching = watch(first, onChange);
    },
    /** What could not be renewed. */
    warnings: (): string[] =>
      fault === undefined ? [] : ['A change of certificate, key or front proxy CA is not in force.'],
    async stop(): Promise<void> {
      stopping.abort();
      await watching;
    },
  };
}
