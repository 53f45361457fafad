import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** A span as it came over OTLP, with its attributes as an object. */
export interface CollectedSpan {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  milliseconds: number;
  links: { traceId: string; spanId: string }[];
  attributes: Record<string, unknown>;
  failed: boolean;
  service: unknown;
}

export interface Collector {
  url: string;
  spans: CollectedSpan[];
  /** What came, as it came: headers and bodies. */
  text(): string;
  /** Waits for spans of which this is so, as many as asked. */
  find(isSo: (span: CollectedSpan) => boolean, count?: number): Promise<CollectedSpan[]>;
  stop(): Promise<void>;
}

/** An OpenTelemetry collector that keeps what it gets. */
export async function startCollector(): Promise<Collector> {
  const spans: CollectedSpan[] = [];
  const texts: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
      texts.push(`${request.url} ${JSON.stringify(request.headers)} ${body}`);
      spans.push(...spansOf(JSON.parse(body)));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    spans,
    text: () => texts.join('\n'),
    async find(isSo, count = 1) {
      for (;;) {
        const found = spans.filter(isSo);
        if (found.length >= count) return found;
        await sleep(50);
      }
    },
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function spansOf(body: unknown): CollectedSpan[] {
  return listOf(Object(body).resourceSpans).flatMap((group) => {
    const service = attributesOf(Object(Object(group).resource).attributes)['service.name'];
    return listOf(Object(group).scopeSpans)
      .flatMap((scope) => listOf(Object(scope).spans))
      .map((span) => toSpan(Object(span), service));
  });
}

function toSpan(span: Record<string, unknown>, service: unknown): CollectedSpan {
  const links = listOf(span['links']).map((link) => Object(link));
  return {
    name: String(span['name']),
    kind: Number(span['kind']),
    traceId: String(span['traceId']),
    spanId: String(span['spanId']),
    parentSpanId: typeof span['parentSpanId'] === 'string' ? span['parentSpanId'] : '',
    milliseconds: (Number(span['endTimeUnixNano']) - Number(span['startTimeUnixNano'])) / 1e6,
    links: links.map(({ traceId, spanId }) => ({ traceId: String(traceId), spanId: String(spanId) })),
    attributes: attributesOf(span['attributes']),
    failed: Object(span['status']).code === 2,
    service,
  };
}

function attributesOf(list: unknown): Record<string, unknown> {
  return Object.fromEntries(
    listOf(list).map((entry) => [String(Object(entry).key), Object.values(Object(Object(entry).value))[0]]),
  );
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
