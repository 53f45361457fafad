/** What the load generator is to send: `count` requests over so many connections, each one after the other. */
export interface Load {
  url: string;
  method: 'GET' | 'POST';
  /** In turn; `@@@@@@@@@@@@` in a body becomes a number that does not come again. */
  requests: { path: string; headers: Record<string, string>; body?: string }[];
  count: number;
  connections: number;
  /** Every answer has to have this status. */
  expect: number;
}

/** Times in milliseconds. */
export interface LoadResult {
  perSecond: number;
  p50: number;
  p99: number;
  seconds: number;
}
