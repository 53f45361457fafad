import { createHash, hash } from 'node:crypto';

/** What a W3C `traceparent` says: https://www.w3.org/TR/trace-context/ */
interface TraceContext {
  traceId: string;
  spanId: string;
  sampled: boolean;
}

/** Where a span is in its trace, as traceparents. */
export interface Place {
  own: string;
  parent?: string;
  /** Spans that it has to do with and that are not its parent. */
  links?: string[];
}

/** Gives what is done a place in a trace; undefined where no traces are made. */
export interface Tracing {
  /** A request of a client, who may have sent a traceparent. */
  begin(from: string | undefined): Place | undefined;
  /**
   * A step under another. A `key` gives it an id that follows from that, so that a later step, in whichever process,
   * can link to it: `after` is the key of the one before.
   */
  step(parent: string | undefined, named?: { key: string; after?: string | undefined }): Place | undefined;
}

/** No traces: whatever a client sent is passed on as it is. */
export const UNTRACED: Tracing = { begin: () => undefined, step: () => undefined };

const FORM = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Undefined where it is not well-formed: the recommendation says to go on as if there were none. */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  const [, version, traceId, spanId, flags, rest] = FORM.exec(text ?? '') ?? [];
  // Later versions may say more, behind what is read here.
  if (!traceId || !spanId || (version === '00' && rest !== undefined)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags ?? '', 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/**
 * The traceparent of a job whose client has sent none, where no traces are made: it follows from the id, so that all
 * attempts are of one trace, in whichever process. Not sampled.
 */
export function traceparentOf(id: string): string {
  const digest = hash('sha256', id, 'hex');
  return formatTraceparent({ traceId: digest.slice(0, 32), spanId: digest.slice(32, 48), sampled: false });
}

/** `sample` decides of a trace that begins here whether it is recorded; what is under it goes by that. */
export function createTracing(
  sample: (traceId: string, parent: TraceContext | undefined) => boolean,
  randomBytes: (size: number) => Buffer,
): Tracing {
  const newId = (size: number): string => randomBytes(size).toString('hex');

  function begin(from: string | undefined): Place {
    const parent = parseTraceparent(from);
    const traceId = parent?.traceId ?? newId(16);
    const own = formatTraceparent({ traceId, spanId: newId(8), sampled: sample(traceId, parent) });
    return parent ? { own, parent: formatTraceparent(parent) } : { own };
  }

  return {
    begin,
    step(parent, named) {
      const above = parseTraceparent(parent);
      if (!above) return begin(undefined);
      const at = (spanId: string): string => formatTraceparent({ ...above, spanId });
      return {
        own: at(named ? spanIdOf(named.key) : newId(8)),
        parent: at(above.spanId),
        ...(named?.after === undefined ? {} : { links: [at(spanIdOf(named.after))] }),
      };
    },
  };
}

function spanIdOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}
