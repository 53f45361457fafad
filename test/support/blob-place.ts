import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import { S3_CREDENTIALS, startS3Server } from './s3-server.ts';

export interface TestBlobs {
  /** For a broker's roles. */
  env: Record<string, string>;
  folder: string;
  /** The names of what is in the store for jobs. */
  names(): Promise<string[]>;
  /** Takes all that is stored for jobs away, as an operator's mistake would. */
  lose(): Promise<void>;
  /** From now on it does not answer. */
  stop: () => Promise<void>;
}

export type BlobKind = 'files' | 's3';

/** A place for large texts that goes with the test. */
export async function placeForBlobs(t: ExecutionContext, kind: BlobKind): Promise<TestBlobs> {
  return kind === 'files' ? inFolder(t) : inBucket(t);
}

async function inFolder(t: ExecutionContext): Promise<TestBlobs> {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-blobs-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const stop = (): Promise<void> => rm(folder, { recursive: true, force: true });
  return { ...over(folder), env: { INFERQ_BLOBS: folder }, stop };
}

async function inBucket(t: ExecutionContext): Promise<TestBlobs> {
  const server = await startS3Server();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= server.stop());
  t.teardown(stop);
  return { ...over(server.folder), env: { ...S3_CREDENTIALS, INFERQ_BLOBS: server.place }, stop };
}

function over(folder: string): Pick<TestBlobs, 'folder' | 'names' | 'lose'> {
  const ofJobs = async (): Promise<string[]> =>
    (await readdir(folder, { recursive: true })).filter((name) =>
      /\/job_[\w-]+(\._S3rver_object)?$/.test(name),
    );
  return {
    folder,
    names: ofJobs,
    async lose() {
      for (const name of await ofJobs()) await rm(path.join(folder, name));
    },
  };
}
