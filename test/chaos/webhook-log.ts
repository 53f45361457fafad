import type { Scope } from '../support/scope.ts';
import { startReceiver, type Receiver } from '../webhooks/receiver.ts';
import type { HeardWebhook } from './checker.ts';

export interface WebhookLog {
  url: string;
  heard: HeardWebhook[];
  /** How many different jobs it was told of. */
  jobs(): number;
}

/** A receiver that keeps what it hears as the checker wants it. */
export async function startWebhookLog(scope: Scope, delayMs = 0): Promise<WebhookLog> {
  const heard: HeardWebhook[] = [];
  const jobs = new Set<string>();
  const receiver: Receiver = await startReceiver(scope, (response, { headers, body }) => {
    const { id, status }: { id: string; status: string } = JSON.parse(body).data;
    heard.push({ job: id, status, webhookId: headers['webhook-id'] ?? '', at: Date.now() });
    jobs.add(id);
    setTimeout(() => response.writeHead(204).end(), delayMs);
  });
  return { url: receiver.url, heard, jobs: () => jobs.size };
}
