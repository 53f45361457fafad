import { connect } from 'node:net';
import { answer, ready } from '../child.ts';
import type { Load, LoadResult } from '../load.ts';

/** As cheap as Node can: bytes into a socket, and only the end of an answer is looked for. */
answer((load) => run(load as Load));
ready();

const COUNTER = '@@@@@@@@@@@@';
let counter = Math.floor(Math.random() * 1e9);

async function run(load: Load): Promise<LoadResult> {
  const texts = load.requests.map((request) => prepare(load, request));
  const times: number[] = [];
  let sent = 0;
  const next = (): string | undefined => {
    if (sent >= load.count) return undefined;
    const text = texts[sent % texts.length];
    sent += 1;
    counter += 1;
    return text?.replace(COUNTER, String(counter).padStart(12, '0'));
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: load.connections }, () => converse(load, next, times)));
  const seconds = (performance.now() - begun) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? 0;
  return { perSecond: times.length / seconds, p50: at(0.5), p99: at(0.99), seconds };
}

function prepare({ url, method }: Load, { path, headers, body = '' }: Load['requests'][number]): string {
  const lines = Object.entries({
    host: new URL(url).host,
    ...headers,
    ...(body ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } : {}),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** One connection: the next request goes when the answer to the last one is whole. */
function converse(load: Load, next: () => string | undefined, times: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(load.url).port), '127.0.0.1');
    let begun = 0;
    let got = '';
    const send = (): void => {
      const text = next();
      if (text === undefined) {
        socket.destroy();
        resolve();
        return;
      }
      got = '';
      begun = performance.now();
      socket.write(text, 'latin1');
    };
    socket.setNoDelay(true).setEncoding('latin1').once('connect', send).once('error', reject);
    socket.on('data', (piece) => {
      got += String(piece);
      if (!isWhole(got)) return;
      if (Number(got.slice(9, 12)) !== load.expect) {
        reject(new Error(got.slice(0, 1000)));
        socket.destroy();
        return;
      }
      times.push(performance.now() - begun);
      send();
    });
    socket.once('close', () => reject(new Error(`closed by the server after ${got.length} bytes`)));
  });
}

function isWhole(got: string): boolean {
  const end = got.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\ncontent-length: *(\d+)/i.exec(got.slice(0, end))?.[1];
  if (length !== undefined) return got.length >= end + 4 + Number(length);
  return got.endsWith('0\r\n\r\n');
}
