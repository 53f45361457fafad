import type { KubeConfig } from '@kubernetes/client-node';

/** What an API server answers; `body` is its JSON. */
export interface KubeAnswer {
  status: number;
  body: unknown;
}

export interface KubeRequest {
  method: 'GET' | 'PATCH';
  /** With its query. */
  path: string;
  /** A merge patch (RFC 7386). */
  patch?: unknown;
  timeoutMs: number;
}

/** One request with the credentials of the cluster, by path: the generated client has no call for all kinds of things. */
export async function askCluster(
  config: KubeConfig,
  { method, path, patch, timeoutMs }: KubeRequest,
  signal?: AbortSignal,
): Promise<KubeAnswer> {
  const [{ HttpMethod, RequestContext }, { request }] = await Promise.all([
    import('@kubernetes/client-node'),
    import('undici'),
  ]);
  const url = `${config.getCurrentCluster()?.server}${path}`;
  const context = new RequestContext(url, HttpMethod[method]);
  await config.applySecurityAuthentication(context);
  const dispatcher = context.getDispatcher();
  const late = AbortSignal.timeout(timeoutMs);
  const { statusCode, body } = await request(url, {
    method,
    headers: {
      ...context.getHeaders(),
      accept: 'application/json',
      ...(patch === undefined ? {} : { 'content-type': 'application/merge-patch+json' }),
    },
    ...(patch === undefined ? {} : { body: JSON.stringify(patch) }),
    ...(dispatcher ? { dispatcher } : {}),
    signal: signal ? AbortSignal.any([signal, late]) : late,
  });
  const text = await body.text();
  return { status: statusCode, body: statusCode < 300 ? JSON.parse(text) : undefined };
}
