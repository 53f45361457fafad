import { randomBytes } from 'node:crypto';
import type { BlobStore } from '../blobs/blob-store.ts';
import { messageOf } from '../errors.ts';
import { connect, PATIENT } from './connection.ts';

const KEY = 'inferq:blobs';

/**
 * Whether the blob store can be written to and is the one that the other roles of this Redis use: the first to come
 * leaves a mark in it, whose name Redis keeps, and this answers; undefined without a store. Throws an Error that says
 * what to do.
 */
export async function checkBlobs(
  redisUrl: string,
  blobs: BlobStore | undefined,
): Promise<string | undefined> {
  const redis = connect(redisUrl, PATIENT);
  redis.on('error', () => undefined);
  try {
    const known = (await redis.get(KEY)) ?? undefined;
    if (!blobs) {
      forbidNone(known);
      return undefined;
    }
    const mark = `marks/${randomBytes(12).toString('hex')}`;
    await write(blobs, mark);
    const isFirst = known === undefined && (await redis.set(KEY, mark, 'NX')) === 'OK';
    if (isFirst) return mark;
    await blobs.remove(mark);
    const first = known ?? (await redis.get(KEY)) ?? '';
    await forbidOther(blobs, first);
    return first;
  } finally {
    redis.disconnect();
  }
}

function forbidNone(mark: string | undefined): void {
  if (mark === undefined) return;
  throw new Error(
    'INFERQ_BLOBS is not set, but this Redis refers to a store of large inputs and outputs: set it as for the other roles.',
  );
}

async function write(blobs: BlobStore, mark: string): Promise<void> {
  await blobs.put(mark, '"inferq"').catch((error: unknown) => {
    const reason = error instanceof Error ? messageOf(error.cause ?? error) : messageOf(error);
    throw new Error(`INFERQ_BLOBS: cannot write to ${blobs.name}: ${reason}`, { cause: error });
  });
}

async function forbidOther(blobs: BlobStore, mark: string): Promise<void> {
  if (await blobs.has(mark)) return;
  throw new Error(
    `INFERQ_BLOBS: ${blobs.name} is not where the other roles of this Redis keep large inputs and outputs. ` +
      `API and workers must see the same. Where what was kept there is lost: DEL ${KEY} in Redis, and start again.`,
  );
}
