import type { Events } from '../events.ts';
import { formatTraceparent, parseTraceparent, type Place } from './trace-context.ts';

/** A span that is over. Its attributes never hold what clients or models sent, nor a whole URL. */
export interface FinishedSpan {
  name: string;
  kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  place: Place;
  milliseconds: number;
  /** Undefined attributes are left out. */
  attributes: Record<string, string | number | undefined>;
  /** Whether the span is marked as failed. */
  failed: boolean;
}

/** Probes come every few seconds and say nothing. */
const PROBES = ['/healthz', '/readyz'];

/**
 * Makes a span of each event that ends something; `record` gets those of traces that are sampled. Names of attributes
 * are those of OpenTelemetry's conventions for HTTP and messaging, where these have one.
 */
export function traceEvents(
  events: Events,
  record: (span: FinishedSpan) => void,
  newSpanId: () => string,
): void {
  const tell = (place: Place | undefined, span: Omit<FinishedSpan, 'place'>): void => {
    if (place && parseTraceparent(place.own)?.sampled) record({ place, ...span });
  };
  traceRequests(events, tell);
  traceJobs(events, tell, newSpanId);
  traceCalls(events, tell);
}

type Tell = (place: Place | undefined, span: Omit<FinishedSpan, 'place'>) => void;

function traceRequests(events: Events, tell: Tell): void {
  events.on('request.answered', ({ trace, method, route, status, milliseconds, ...more }) => {
    if (PROBES.includes(route)) return;
    tell(trace, {
      name: route === 'none' ? method : `${method} ${route}`,
      kind: 'server',
      milliseconds,
      failed: status >= 500,
      attributes: {
        'http.request.method': method,
        'http.route': route === 'none' ? undefined : route,
        'http.response.status_code': status,
        'error.type': more.errorType,
        'inferq.request_id': more.requestId,
        'inferq.tenant': more.tenant,
      },
    });
  });
  events.on('job.admitted', ({ trace, model, kind, jobId, tenant, milliseconds }) =>
    tell(trace, {
      name: `admit ${model}`,
      kind: 'producer',
      milliseconds,
      failed: false,
      attributes: { ...messaging('send', model, jobId), 'inferq.admission': kind, 'inferq.tenant': tenant },
    }),
  );
}

function traceJobs(events: Events, tell: Tell, newSpanId: () => string): void {
  events.on('job.started', ({ trace, model, jobId, waitMs }) => {
    // The wait of a repetition is the pause before it: it shows between the attempts.
    if (!trace?.parent || trace.links) return;
    tell(beside(trace, trace.parent, newSpanId()), {
      name: `wait ${model}`,
      kind: 'internal',
      milliseconds: waitMs,
      failed: false,
      attributes: messaging(undefined, model, jobId),
    });
  });
  events.on('attempt.ended', ({ trace, model, version, jobId, tenant, attempt, outcome, milliseconds }) =>
    tell(trace, {
      name: `process ${model}`,
      kind: 'consumer',
      milliseconds,
      ...endedWith(outcome, {
        ...messaging('process', model, jobId),
        'inferq.model.version': version,
        'inferq.attempt': attempt,
        'inferq.tenant': tenant,
      }),
    }),
  );
}

function traceCalls(events: Events, tell: Tell): void {
  events.on('model.called', ({ trace, model, endpoint, size, attempt, outcome, milliseconds }) =>
    tell(trace, {
      name: `call ${model}`,
      kind: 'client',
      milliseconds,
      ...endedWith(outcome, {
        ...httpTo(endpoint),
        'url.full': endpoint,
        'messaging.batch.message_count': size > 1 ? size : undefined,
        'inferq.model': model,
        'inferq.attempt': attempt,
      }),
    }),
  );
  events.on(
    'webhook.attempted',
    ({ trace, event, origin, jobId, id, attempt, outcome, status, milliseconds }) =>
      tell(trace, {
        name: `deliver ${event}`,
        kind: 'client',
        milliseconds,
        failed: outcome !== 'delivered',
        attributes: {
          // The path of a receiver may be a secret.
          ...httpTo(origin),
          'http.response.status_code': status,
          'http.request.resend_count': attempt > 1 ? attempt - 1 : undefined,
          'error.type': outcome === 'delivered' ? undefined : outcome,
          'messaging.message.id': id,
          'messaging.message.conversation_id': jobId,
        },
      }),
  );
}

function endedWith(
  outcome: string,
  attributes: FinishedSpan['attributes'],
): Pick<FinishedSpan, 'failed' | 'attributes'> {
  const failed = outcome !== 'succeeded' && outcome !== 'put_back' && outcome !== 'broken_off';
  return {
    failed,
    attributes: { ...attributes, 'inferq.outcome': outcome, 'error.type': failed ? outcome : undefined },
  };
}

function messaging(operation: 'send' | 'process' | undefined, model: string, jobId: string) {
  return {
    'messaging.system': 'inferq',
    'messaging.operation.type': operation,
    'messaging.operation.name': operation,
    'messaging.destination.name': model,
    'messaging.message.id': jobId,
  };
}

function httpTo(url: string) {
  const { hostname, port, protocol } = new URL(url);
  return {
    'http.request.method': 'POST',
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
  };
}

/** A span under the same parent as this one. */
function beside({ own }: Place, parent: string, spanId: string): Place | undefined {
  const context = parseTraceparent(own);
  return context && { own: formatTraceparent({ ...context, spanId }), parent };
}
