import { useEffect, useState } from 'preact/hooks';
import type { Job } from '../../shared/job.ts';
import { isTerminal } from '../../shared/job-status.ts';
import type { DeliveryRecord } from '../../shared/webhooks/delivery-record.ts';
import type { Page } from '../api/bodies.ts';
import { call, sayFault } from '../api/client.ts';
import { followEvents, type StreamEvent } from '../api/event-stream.ts';

const DELIVERIES_EVERY_MS = 3000;
const MOST_EVENTS = 500;

export interface LiveEvent {
  id: string;
  kind: string;
  data: unknown;
}

export interface LiveJob {
  job: Job | undefined;
  deliveries: DeliveryRecord[];
  events: LiveEvent[];
  /** What the model has said until now, where it streams. */
  streamed: string;
  fault: string | undefined;
  /** Reads it again and follows it anew, as after a retry. */
  restart: () => void;
}

/** A job as it is, kept current by its own events. */
export function useJob(path: string): LiveJob {
  const [job, setJob] = useState<Job>();
  const [deliveries, setDeliveries] = useState<DeliveryRecord[]>([]);
  const [events, setEvents] = useState<LiveEvent[]>([]);
  const [streamed, setStreamed] = useState('');
  const [fault, setFault] = useState<string>();
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    const gone = new AbortController();
    const { signal } = gone;
    let isOver = false;
    const read = async (): Promise<void> => {
      try {
        if (!isOver) {
          const current = await call<Job>(`${path}?include=input,attempts`, { signal });
          isOver = isTerminal(current.status);
          setJob(current);
        }
        setDeliveries((await call<Page<DeliveryRecord>>(`${path}/deliveries`, { signal })).data);
        setFault(undefined);
      } catch (error) {
        if (!signal.aborted) setFault(sayFault(error));
      }
    };
    const take = (event: StreamEvent): void => {
      const taken = { id: event.id, kind: event.kind, data: parse(event.data) };
      setEvents((before) => [...before, taken].slice(-MOST_EVENTS));
      if (event.kind === 'status' || event.kind === 'done') void read();
      setStreamed((before) => withEvent(before, taken));
      if (event.kind === 'progress') setJob((before) => withProgress(before, taken.data));
    };
    setEvents([]);
    setStreamed('');
    void read();
    void followEvents(`${path}/events`, signal, take);
    // Deliveries go on when the job has ended, and no event tells of them.
    const timer = setInterval(() => {
      if (!document.hidden) void read();
    }, DELIVERIES_EVERY_MS);
    return () => {
      gone.abort();
      clearInterval(timer);
    };
  }, [path, turn]);

  const restart = (): void => setTurn((before) => before + 1);
  return { job, deliveries, events, streamed, fault, restart };
}

function withProgress(job: Job | undefined, data: unknown): Job | undefined {
  if (!job || isTerminal(job.status) || typeof data !== 'object' || data === null) return job;
  if (!('progress' in data) || typeof data.progress !== 'number') return job;
  const message = 'message' in data && typeof data.message === 'string' ? { message: data.message } : {};
  return { ...job, progress: { progress: data.progress, ...message } };
}

/** What the model has said, with one event more; an attempt that starts anew throws away what the one before said. */
function withEvent(text: string, { kind, data }: LiveEvent): string {
  if (kind === 'status' && isStatus(data, 'running')) return '';
  return kind === 'output' ? text + chunkOf(data) : text;
}

function isStatus(data: unknown, status: string): boolean {
  return typeof data === 'object' && data !== null && 'status' in data && data.status === status;
}

function chunkOf(data: unknown): string {
  if (typeof data === 'string') return data;
  const inner: unknown = typeof data === 'object' && data !== null ? Object.values(data)[0] : undefined;
  return typeof inner === 'string' ? inner : JSON.stringify(data);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
