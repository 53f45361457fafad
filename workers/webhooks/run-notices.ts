import type { Job } from 'bullmq';
import type { Events } from '../../shared/events.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import type { DeliveryLog } from '../../shared/redis/delivery-log.ts';
import { createNoticeTurns } from '../../shared/redis/notice-turns.ts';
import { NOTICE_QUEUE, type Notice } from '../../shared/redis/notice-queue.ts';
import type { WebhookSecrets } from '../../shared/redis/webhook-secrets.ts';
import type { StoredJob } from '../../shared/stored-job.ts';
import { eventType } from '../../shared/webhook-event.ts';
import type { DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';
import { asItStarted, jobMessage } from '../../shared/webhooks/job-message.ts';
import type { WebhookSender } from './delivery.ts';
import { createQueueWorker } from './queue-worker.ts';
import type { Receivers } from './receivers.ts';

export interface NoticeWorkerParts {
  connection: RedisConnection;
  read: (jobId: string) => Promise<StoredJob | undefined>;
  sender: WebhookSender;
  /** Not those of the deliveries: what a notice takes, no end lacks. */
  receivers: Receivers;
  secrets: WebhookSecrets;
  log: DeliveryLog;
  events: Events;
  concurrency: number;
  lockTime: number;
}

/** Of what happened longer ago nobody needs to hear any more. */
const STALE_MS = 10 * 60_000;

interface Message {
  id: string;
  body: string;
}

/** Sends notices: each once, the newest progress only, and not at all where the receiver has no room for it. */
export function createNoticeWorker(parts: NoticeWorkerParts) {
  const turns = createNoticeTurns(parts.connection);

  /** Answers when to bring the notice again, because it is too early or there is more to tell. */
  async function tell({ data }: Job<Notice>): Promise<number | undefined> {
    const job = await parts.read(data.jobId);
    const url = job?.spec.webhook?.url;
    if (!job || url === undefined || Date.now() - data.at > STALE_MS) return undefined;
    if (data.event === 'started') {
      await send(job, url, data, startMessage(job, data));
      return undefined;
    }
    // An end says more than any progress before it.
    if (job.status !== 'running' || !job.progress) return undefined;
    const waitMs = await turns.take(job.id);
    if (waitMs > 0) return Date.now() + waitMs;
    await send(job, url, data, progressMessage(job, Date.now()));
    const now = await parts.read(job.id);
    const hasMoved = JSON.stringify(now?.progress) !== JSON.stringify(job.progress);
    return now?.status === 'running' && hasMoved ? Date.now() + (await turns.left(job.id)) : undefined;
  }

  async function send(job: StoredJob, url: string, { event }: Notice, { id, body }: Message): Promise<void> {
    const { traceparent } = job.spec;
    const turn = await parts.receivers.attempt(job.tenant, url, async () => {
      const secrets = await parts.secrets.list(job.tenant);
      return parts.sender.send({ id, url, body, secrets, headers: traceparent ? { traceparent } : {} });
    });
    if (!('made' in turn)) {
      const { id: jobId, spec } = job;
      const about = { jobId, id, requestId: spec.request_id };
      parts.events.emit('webhook.put_off', { ...about, why: turn.why, milliseconds: 0 });
      return;
    }
    const record: DeliveryRecord = {
      id,
      event: eventType(event),
      url,
      ...turn.made,
      attempt: 1,
      next_at: null,
    };
    await parts.log.noteNotice(job.id, record);
  }

  return createQueueWorker<Notice>({
    ...parts,
    queue: NOTICE_QUEUE,
    take: tell,
    // It is for information: one that cannot be told of now is left out.
    afterFault: () => undefined,
    where: 'telling of a job',
  });
}

function startMessage(job: StoredJob, { at }: Notice): Message {
  return {
    id: `msg_${job.id}_started_${at}`,
    body: jobMessage('started', at, asItStarted({ ...job, startedAt: at })),
  };
}

function progressMessage(job: StoredJob, now: number): Message {
  return { id: `msg_${job.id}_progress_${now}`, body: jobMessage('progress', now, job) };
}
