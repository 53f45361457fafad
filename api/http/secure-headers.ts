import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

/** The headers that helmet gives every answer: name, value, name, value. They are the same each time, so it is asked once. */
export function secureHeaders(): string[] {
  const headers: string[] = [];
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  response.setHeader = (name, value) => {
    headers.push(name, String(value));
    return response;
  };
  helmet({
    strictTransportSecurity: false,
    contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
  })(request, response, throwFault);
  return headers;
}

function throwFault(fault?: unknown): void {
  if (fault !== undefined) throw fault;
}
