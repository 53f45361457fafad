const REASONS = {
  400: 'BadRequest',
  401: 'Unauthorized',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  500: 'InternalError',
  503: 'ServiceUnavailable',
} as const;

/** What Kubernetes is answered: a status and a JSON object. */
export interface KubernetesAnswer {
  status: number;
  body: unknown;
}

/** An error as Kubernetes reads it: a `Status` object. */
export function failure(status: keyof typeof REASONS, message: string): KubernetesAnswer {
  return {
    status,
    body: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason: REASONS[status],
      code: status,
    },
  };
}
