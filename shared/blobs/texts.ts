import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { InferqError } from '../errors.ts';
import type { BlobIndex } from '../redis/blob-index.ts';
import { codeOfJob } from '../redis/keys.ts';
import type { JobOf, StoredJob } from '../stored-job.ts';
import { bytesOf, LARGEST_IN_REDIS, type BlobReference, type Text } from '../text.ts';
import { storageUnavailable, type BlobStore } from './blob-store.ts';

/** Inputs and outputs, wherever they lie. Fails with `storage_unavailable`, or `data_removed` where a blob is gone. */
export interface Texts {
  /** Brings a large text to the blob store. Whoever does not come to use it gives it to `discard`. */
  keep(jobId: string, text: string): Promise<Text>;
  read(text: Text): Promise<string>;
  open(reference: BlobReference): Promise<Readable>;
  presign(reference: BlobReference, seconds: number): Promise<string | undefined>;
  /** Takes a text away unless a run refers to it. What fails here is the collector's. */
  discard(text: Text): Promise<void>;
  /** The job with the texts themselves; without them where a blob is gone. */
  whole(job: StoredJob): Promise<JobOf<string>>;
  /** The same, but large texts are only seen to be there: each is opened when its turn comes. */
  located(job: StoredJob): Promise<JobOf<string | OpenText>>;
}

/** Opens a large text; whoever asks has to read it or to destroy it. */
export type OpenText = () => Promise<Readable>;

/** Without a store all texts stay in Redis. */
export function createTexts(store: BlobStore | undefined, index: BlobIndex): Texts {
  function storeFor({ blob }: BlobReference): BlobStore {
    if (store) return store;
    throw storageUnavailable('answer', new Error(`${blob} is in a blob store, but INFERQ_BLOBS is not set`));
  }

  async function open(reference: BlobReference): Promise<Readable> {
    const stream = await storeFor(reference).open(reference.blob);
    if (!stream) throw removed();
    // It may break before anybody reads it, and without a listener that ends the process. Its reader is told as well.
    return stream.on('error', () => undefined);
  }

  async function locate(text: Text): Promise<string | OpenText> {
    if (typeof text === 'string') return text;
    if (await storeFor(text).has(text.blob)) return () => open(text);
    throw removed();
  }

  async function read(text: Text): Promise<string> {
    if (typeof text === 'string') return text;
    const stream = await open(text);
    return readAll(stream).catch((error: unknown) => {
      throw storageUnavailable('answer', error);
    });
  }

  return {
    open,
    read,
    async keep(jobId, text) {
      const bytes = bytesOf(text);
      if (!store || bytes <= LARGEST_IN_REDIS) return text;
      const blob = `${codeOfJob(jobId) ?? ''}/${jobId}-${randomBytes(12).toString('hex')}`;
      await index.announce(blob);
      await store.put(blob, text);
      return { blob, bytes };
    },
    presign: (reference, seconds) => storeFor(reference).presign(reference.blob, seconds),
    async discard(text) {
      if (typeof text === 'string') return;
      // Who is told that nobody wants it may have been heard before: an answer of Redis was lost, and it was asked again.
      if (await index.isHeld(text.blob)) return;
      await storeFor(text).remove(text.blob);
      await index.forget([text.blob]);
    },
    whole: (job) => resolveTexts(job, read),
    located: (job) => resolveTexts(job, locate),
  };
}

function removed(): InferqError {
  return new InferqError(
    'data_removed',
    'The text is not in the store of large inputs and outputs any more.',
  );
}

async function resolveTexts<T>(job: StoredJob, get: (text: Text) => Promise<T>): Promise<JobOf<T | string>> {
  if (isWhole(job)) return job;
  const { output, input, ...rest } = job;
  const found = await Promise.allSettled([output, input].map(async (text) => (text ? get(text) : undefined)));
  const [first, second] = found.map((result) => (result.status === 'fulfilled' ? result.value : undefined));
  const failed = found.find((result) => result.status === 'rejected');
  if (!failed) return { ...rest, output: first ?? null, ...(second === undefined ? {} : { input: second }) };
  const error: unknown = failed.reason;
  if (!(error instanceof InferqError) || error.code !== 'data_removed') throw error;
  return { ...rest, output: null, dataRemoved: true };
}

/** Most are: then there is nothing to fetch. */
function isWhole(job: StoredJob): job is StoredJob & JobOf<string> {
  return typeof (job.output ?? '') === 'string' && typeof (job.input ?? '') === 'string';
}
