import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { jsonModel, startTestBroker, TOKEN } from '../support/broker.ts';
import { startNginx } from '../support/nginx.ts';
import { withNginx } from '../support/with-nginx.ts';
import { exchange, portOf } from '../support/raw-http.ts';

const SMUGGLED = 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Request-Id: smuggled-request\r\n\r\n';
const POST = `POST /jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: application/json\r\n`;
const GET = 'GET /healthz HTTP/1.1\r\nHost: x\r\n';
const BODY = '{"model":"m","input":1}';
const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n';
const LENGTH = `Content-Length: ${BODY.length}`;

/** What two readers of one connection may take for different requests. */
const attacks: Record<string, string> = {
  'a length and chunks': `${POST}Content-Length: 5\r\n${CHUNKED}0\r\n\r\n${SMUGGLED}`,
  'chunks and a length': `${POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
  'two lengths': `${POST}${LENGTH}\r\nContent-Length: 0\r\n\r\n${BODY}${SMUGGLED}`,
  'the same length twice': `${POST}${LENGTH}\r\n${LENGTH}\r\n\r\n${BODY}${SMUGGLED}`,
  'a list of lengths': `${POST}${LENGTH}, 0\r\n\r\n${BODY}${SMUGGLED}`,
  'a length with a sign': `${POST}Content-Length: +5\r\n\r\n${BODY}${SMUGGLED}`,
  'a negative length': `${POST}Content-Length: -1\r\n\r\n${BODY}${SMUGGLED}`,
  'a length in another base': `${POST}Content-Length: 0x17\r\n\r\n${BODY}${SMUGGLED}`,
  'a length past all integers': `${POST}Content-Length: 18446744073709551639\r\n\r\n${BODY}${SMUGGLED}`,
  'a space before the colon': `${POST}Content-Length : 0\r\n\r\n${SMUGGLED}`,
  'a space before the colon of chunks': `${POST}${LENGTH}\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'an unknown coding': `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'chunks and then another coding': `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'two codings': `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'a coding before chunks': `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'a control character in the coding': `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
  'chunks in HTTP/1.0': `${POST.replace('HTTP/1.1', 'HTTP/1.0')}Content-Length: 5\r\n${CHUNKED}0\r\n\r\n${SMUGGLED}`,
  'a folded header': `${POST}X-Folded: a\r\n ${LENGTH}\r\n\r\n${BODY}${SMUGGLED}`,
  'a folded first header': `GET /healthz HTTP/1.1\r\n Host: x\r\n\r\n${SMUGGLED}`,
  'a lone carriage return': `${POST}X-Lone: a\r${LENGTH}\r\n\r\n${SMUGGLED}`,
  'a zero byte in a header': `${GET}X-Zero: a\x00b\r\n\r\n${SMUGGLED}`,
  'a header without a colon': `${GET}Transfer-Encoding chunked\r\n\r\n${SMUGGLED}`,
  'a header without a name': `${GET}: chunked\r\n\r\n${SMUGGLED}`,
  'a header name with a space': `${GET}Transfer Encoding: chunked\r\n\r\n${SMUGGLED}`,
  'no host': `GET /healthz HTTP/1.1\r\n\r\n${SMUGGLED}`,
  'two hosts': `${GET}Host: y\r\n\r\n${SMUGGLED}`,
  'two hosts and a chunk size that is none': `${POST}Host: y\r\n${CHUNKED}xyz\r\n${BODY}\r\n0\r\n\r\n${SMUGGLED}`,
  'a chunk size that is none': `${POST}${CHUNKED}xyz\r\n${BODY}\r\n0\r\n\r\n${SMUGGLED}`,
  'a negative chunk size': `${POST}${CHUNKED}-1\r\n${BODY}\r\n0\r\n\r\n${SMUGGLED}`,
  'a chunk size in C notation': `${POST}${CHUNKED}0x17\r\n${BODY}\r\n0\r\n\r\n${SMUGGLED}`,
  'a chunk size past all integers': `${POST}${CHUNKED}10000000000000017\r\n${BODY}\r\n0\r\n\r\n${SMUGGLED}`,
  'a chunk longer than it says': `${POST}${CHUNKED}5\r\n${BODY}\r\n0\r\n\r\n${SMUGGLED}`,
  'a request line with a line feed': `GET /healthz\nX: y HTTP/1.1\r\nHost: x\r\n\r\n${SMUGGLED}`,
  'no HTTP at all': `hello\r\n\r\n${SMUGGLED}`,
  'HTTP/2 by guess': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a request to a proxy': `CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n${SMUGGLED}`,
  'huge headers': `${GET}A: ${'x'.repeat(40_000)}\r\n\r\n`,
  'many headers': `${GET}${Array.from({ length: 2000 }, (_, index) => `A${index}: ${'x'.repeat(20)}\r\n`).join('')}\r\n`,
  'a huge target': `GET /${'x'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
};

/** RFC 9112 §2.2 lets a reader take these. */
const lineFeeds: Record<string, string> = {
  'lines that end with a line feed alone': `${POST}${LENGTH}\nConnection: close\n\n${BODY}${SMUGGLED}`,
  'a chunk size that ends with a line feed alone': `${POST}Connection: close\r\n${CHUNKED}17\n${BODY}\r\n0\r\n\r\n${SMUGGLED}`,
  'a chunk extension with a line feed': `${POST}Connection: close\r\n${CHUNKED}17;a\nb\r\n${BODY}\r\n0\r\n\r\n${SMUGGLED}`,
};

/** HTTP/0.9 has no status, and some are just cut off. */
const REFUSED = /^(?:HTTP\/1\.1 (?:400|408|431|501) .*|\{"type":"urn:inferq:error:invalid_request".*|)$/;

test('an attack on the API itself is refused, and the request hidden in it is not seen', async (t) => {
  const { url, answered } = await startApi(t);
  for (const [title, bytes] of Object.entries({ ...attacks, ...lineFeeds })) {
    const { answer } = await exchange(portOf(url), bytes);
    t.regex(answer.split('\r\n', 1)[0] ?? '', REFUSED, title);
    t.true(answer.split('HTTP/1.1 ').length <= 2, `${title}: one answer`);
  }
  t.deepEqual(await answered('smuggled-request'), []);
});

withNginx('an attack by way of nginx is refused, and the API sees nothing of it', async (t) => {
  const { url, answered } = await startApi(t);
  const nginx = await startNginx(t, { apis: [url] });
  for (const [title, bytes] of Object.entries(attacks)) {
    const { answer } = await exchange(nginx.port, bytes);
    t.regex(answer.split('\r\n', 1)[0] ?? '', REFUSED, title);
    t.true(answer.split('HTTP/1.1 ').length <= 2, `${title}: one answer`);
  }
  t.deepEqual(await answered(''), []);
  t.is((await nginx.lines(0)).length, Object.keys(attacks).length);
});

withNginx('a line feed alone that nginx takes reaches the API as one request in right form', async (t) => {
  const { url, answered } = await startApi(t);
  const nginx = await startNginx(t, { apis: [url] });
  const taken: string[] = [];
  for (const [title, bytes] of Object.entries(lineFeeds)) {
    const { answer } = await exchange(nginx.port, bytes);
    t.regex(answer, /^HTTP\/1\.1 (?:202|400) /, title);
    if (answer.startsWith('HTTP/1.1 202 ')) taken.push(title);
  }
  t.is((await answered('')).length, taken.length, taken.join(', '));
  t.deepEqual(await answered('smuggled-request'), []);
});

/** An API, and the lines in its log of requests that it has answered by now which hold this text. */
async function startApi(
  t: ExecutionContext,
): Promise<{ url: string; answered: (text: string) => Promise<string[]> }> {
  const broker = await startTestBroker(t, { models: [jsonModel('m', 'http://127.0.0.1:9')], workers: 0 });
  const log = path.join(path.dirname(broker.modelFile), 'api-0.log');
  const answered = async (text: string): Promise<string[]> => {
    const marker = `marker-${randomUUID()}`;
    await broker.request('/healthz', { headers: { 'x-request-id': marker } });
    for (;;) {
      const content = await readFile(log, 'utf8');
      const lines = content.split('\n').filter((line) => line.includes('"request.answered"'));
      // The log is in the order of the answers.
      if (lines.some((line) => line.includes(marker)))
        return lines.filter((line) => line.includes(text) && !line.includes('"marker-'));
      await sleep(20);
    }
  };
  return { url: broker.url, answered };
}
