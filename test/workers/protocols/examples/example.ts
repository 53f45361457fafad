/** What a protocol's documents say that goes over the wire, in values of our own. */
export interface Example {
  /** What a job brings, after `preprocess`, and the body that becomes of it for a model named `demo`. */
  input: unknown;
  request: unknown;
  /** The path at the server, and a JSON Schema of the bodies that it takes there. */
  path: string;
  takes: Record<string, unknown>;
  answer: unknown;
  output: unknown;
  refusal: { status: number; body: unknown; message: string };
  /** A streamed answer, whose end is the same as the plain one; `output` where the server says less in a stream. */
  stream?: {
    /** Where that of the plain answer is another one. */
    path?: string;
    /** What the endpoint's headers have to be, where the server wants to be asked. */
    headers?: Record<string, string>;
    events: [event: string, data: string][];
    chunks: unknown[];
    output?: unknown;
  };
  /** Inputs that fit into one call, and one that does not fit to them. */
  batch?: { inputs: unknown[]; request: unknown; answer: unknown; outputs: unknown[]; other?: unknown };
}

export const text = { type: 'string' };

/** A schema of an object that has these properties, and must have the first of them. */
export function objectWith(properties: Record<string, unknown>, required: string[]): Record<string, unknown> {
  return { type: 'object', properties, required };
}

/** Events of a stream in which none has a name. */
export function unnamed(...data: unknown[]): [event: string, data: string][] {
  return data.map((each) => ['message', typeof each === 'string' ? each : JSON.stringify(each)]);
}
