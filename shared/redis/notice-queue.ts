import type { NoticeEvent } from '../webhook-event.ts';
import { createBullQueue } from './bull-queue.ts';
import type { RedisConnection } from './connection.ts';
import { DELIVERY_QUEUE } from './delivery-queue.ts';

/** BullMQ's queue of notices: apart from the deliveries, so that no progress can hold up an end. */
export const NOTICE_QUEUE = { ...DELIVERY_QUEUE, name: 'notices' } as const;

/** That a client is to be told of its job. What it is told is read when it is sent. */
export interface Notice {
  jobId: string;
  event: NoticeEvent;
  /** When it happened, in milliseconds of the epoch. */
  at: number;
}

export interface NoticeQueue {
  /** A job has one notice of progress at a time: the newest is told when its turn comes. */
  add(notice: Notice): Promise<void>;
  close(): Promise<void>;
}

export function createNoticeQueue(connection: RedisConnection, onError: (error: Error) => void): NoticeQueue {
  const queue = createBullQueue<Notice>(NOTICE_QUEUE, connection, onError);
  return {
    async add(notice) {
      const { event, jobId, at } = notice;
      const opened = await queue.open();
      await opened.add(event, notice, {
        jobId: event === 'started' ? `${event}_${jobId}_${at}` : `${event}_${jobId}`,
        attempts: 1,
        removeOnComplete: true,
        removeOnFail: true,
      });
    },
    close: () => queue.close(),
  };
}
