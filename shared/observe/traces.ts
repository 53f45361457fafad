import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type SpanContext,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import { randomBytes } from 'node:crypto';
import type { Events } from '../events.ts';
import type { TracingConfig } from '../tracing-config.ts';
import { traceEvents, type FinishedSpan } from './spans.ts';
import { createTracing, parseTraceparent, type Tracing } from './trace-context.ts';

export interface Traces {
  tracing: Tracing;
  /** Sends what is left, for at most this long. */
  stop(deadlineMs: number): Promise<void>;
}

/** What waits for the collector; more is dropped. */
const MOST_WAITING = 4096;
const SEND_EVERY_MS = 1000;

const KINDS = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} as const satisfies Record<FinishedSpan['kind'], SpanKind>;

/**
 * Sends spans of what happens to a collector. Nothing waits for it; while it is away spans are dropped, and that is
 * told once. This file alone knows OpenTelemetry, and is loaded only where traces are wanted.
 */
export function createTraces(
  config: TracingConfig,
  { role, version, events }: { role: string; version: string; events: Events },
): Traces {
  const { url, headers } = config;
  const recorder = createRecorder({
    attributes: {
      'service.name': config.serviceName ?? `inferq-${role}`,
      'service.version': version,
      ...config.resource,
    },
    version,
    exporter: telling(new OTLPTraceExporter({ url, headers }), events),
  });
  traceEvents(
    events,
    (span) => recorder.record(span),
    () => randomBytes(8).toString('hex'),
  );
  return {
    tracing: createTracing(createSample(config), randomBytes),
    stop: (deadlineMs) => recorder.stop(deadlineMs),
  };
}

/** The ids of a span are known before it is: they have been sent on. */
function createRecorder({
  attributes,
  version,
  exporter,
}: {
  attributes: Record<string, string>;
  version: string;
  exporter: SpanExporter;
}) {
  const next = { traceId: '', spanId: '' };
  const provider = new TracerProvider({
    resource: resourceFromAttributes(attributes),
    sampler: new AlwaysOnSampler(),
    idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: MOST_WAITING,
        scheduledDelayMillis: SEND_EVERY_MS,
      }),
    ],
  });
  const tracer = provider.getTracer('inferq', version);
  return {
    record({ name, kind, place, milliseconds, attributes: own, failed }: FinishedSpan): void {
      const context = toSpanContext(place.own);
      const parent = toSpanContext(place.parent);
      if (!context) return;
      Object.assign(next, context);
      const endTime = Date.now();
      const links = (place.links ?? []).flatMap((link) => toSpanContext(link) ?? []);
      const span = tracer.startSpan(
        name,
        {
          kind: KINDS[kind],
          startTime: endTime - milliseconds,
          attributes: own,
          links: links.map((link) => ({ context: link })),
        },
        parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT,
      );
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(endTime);
    },
    async stop(deadlineMs: number): Promise<void> {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, deadlineMs)));
      // A failure has been told by the exporter.
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      clearTimeout(timer);
    },
  };
}

/** Says when the collector stops to take spans, once until it takes them again. */
function telling(exporter: SpanExporter, events: Events): SpanExporter {
  let away = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined;
        if (failed && !away) events.emit('traces.failed', { error: result.error });
        away = failed;
        done(result);
      });
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  };
}

function createSample({ sampler, ratio }: TracingConfig): Parameters<typeof createTracing>[0] {
  const [, isParentBased, kind = ''] = /^(parentbased_)?(.*)$/.exec(sampler) ?? [];
  const root = rootSampler(kind, ratio);
  const chosen: Sampler = isParentBased ? new ParentBasedSampler({ root }) : root;
  return (traceId, parent) => {
    const context = parent
      ? trace.setSpanContext(ROOT_CONTEXT, { ...toContext(parent), isRemote: true })
      : ROOT_CONTEXT;
    const { decision } = chosen.shouldSample(context, traceId, '', SpanKind.SERVER, {}, []);
    return decision === SamplingDecision.RECORD_AND_SAMPLED;
  };
}

function rootSampler(kind: string, ratio: number): Sampler {
  if (kind === 'traceidratio') return new TraceIdRatioBasedSampler(ratio);
  return kind === 'always_on' ? new AlwaysOnSampler() : new AlwaysOffSampler();
}

function toSpanContext(traceparent: string | undefined): SpanContext | undefined {
  const context = parseTraceparent(traceparent);
  return context && toContext(context);
}

function toContext({
  traceId,
  spanId,
  sampled,
}: NonNullable<ReturnType<typeof parseTraceparent>>): SpanContext {
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
}
