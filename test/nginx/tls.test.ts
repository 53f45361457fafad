import { readFileSync } from 'node:fs';
import { connect, rootCertificates } from 'node:tls';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { jsonModel, startTestBroker } from '../support/broker.ts';
import { startNginx } from '../support/nginx.ts';
import { withNginx } from '../support/with-nginx.ts';
import { exchange } from '../support/raw-http.ts';

// A certificate of hooks.example.org for the tests alone, signed by itself.
const fixture = (name: string): string =>
  readFileSync(new URL(`../webhooks/fixtures/${name}`, import.meta.url), 'utf8');
const ca = fixture('certificate.pem');
const files = { 'tls/tls.crt': ca, 'tls/tls.key': fixture('key.pem') };
const servername = 'hooks.example.org';

withNginx('with TLS, requests get through by TLS 1.2 or later, and by nothing else', async (t) => {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const { port } = await startNginx(t, { apis: broker.urls, listen: 'tls', files });
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: '/healthz', ca, servername, agent: false };
      request({ ...options, minVersion: version, maxVersion: version }, resolve)
        .on('error', reject)
        .end();
    });
    t.is(await text(response), '{"status":"ok"}', version);
    t.is(response.headers['strict-transport-security'], 'max-age=31536000');
  }
  const old = await new Promise<string>((resolve) => {
    const options = { host: '127.0.0.1', port, ca: [ca, ...rootCertificates], servername };
    const legacy = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const socket = connect({ ...options, ...legacy }, () => resolve('connected'));
    socket.on('error', ({ message }) => resolve(message));
    socket.on('close', () => socket.destroy());
  });
  t.regex(old, /protocol version/i);
  const plain = await exchange(port, 'GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  t.regex(plain.answer, /^HTTP\/1\.1 400 [^]*invalid_request/);
});
