import { createHash } from 'node:crypto';
import { AwsClient } from 'aws4fetch';
import { checkKey, storageUnavailable, type BlobStore } from './blob-store.ts';
import { streamOf } from './body-stream.ts';

export interface S3Place {
  bucket: string;
  /** Before each key, without slashes at its ends; may be empty. */
  prefix: string;
  /** Of a server that speaks S3; undefined: AWS itself. */
  endpoint: URL | undefined;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** For an answer to begin, and for each piece of its body. */
const TIMEOUT_MS = 10_000;
const RETRIES = 2;

/** Objects of a bucket, on AWS or whatever speaks S3 (signature version 4). */
export function createS3Blobs(place: S3Place, timeoutMs = TIMEOUT_MS): BlobStore {
  const base = addressOf(place);
  const client = new AwsClient({
    ...place.credentials,
    region: place.region,
    service: 's3',
    retries: RETRIES,
    initRetryMs: 100,
  });
  const urlOf = (key: string): string => {
    checkKey(key);
    return base + key;
  };

  async function ask(url: string, init: RequestInit): Promise<Response> {
    // Not AbortSignal.timeout: it would go on to break off the body, which takes as long as its reader.
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`S3 did not answer in ${timeoutMs} ms`)), timeoutMs);
    try {
      const answer = await client.fetch(url, { ...init, signal: late.signal, redirect: 'error' });
      if (answer.ok || answer.status === 404) return answer;
      throw new Error(`S3 answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    name: `s3://${place.bucket}/${place.prefix}`,
    async put(key, text) {
      const url = urlOf(key);
      const headers = {
        'content-type': 'application/json',
        // The server checks it: what was damaged on the way is not kept.
        'x-amz-content-sha256': createHash('sha256').update(text).digest('hex'),
      };
      try {
        const answer = await ask(url, { method: 'PUT', body: text, headers });
        if (answer.status === 404) throw new Error(`S3 has no bucket ${place.bucket}`);
        await answer.body?.cancel();
      } catch (error) {
        throw storageUnavailable('take anything', error);
      }
    },
    async has(key) {
      const url = urlOf(key);
      try {
        const { status, body } = await ask(url, { method: 'HEAD' });
        await body?.cancel();
        return status !== 404;
      } catch (error) {
        throw storageUnavailable('answer', error);
      }
    },
    async open(key) {
      const url = urlOf(key);
      try {
        const { status, body } = await ask(url, { method: 'GET' });
        if (status !== 404 && body) return streamOf(body, timeoutMs);
        await body?.cancel();
        return undefined;
      } catch (error) {
        throw storageUnavailable('answer', error);
      }
    },
    async remove(key) {
      const url = urlOf(key);
      try {
        const answer = await ask(url, { method: 'DELETE' });
        await answer.body?.cancel();
      } catch (error) {
        throw storageUnavailable('answer', error);
      }
    },
    async presign(key, seconds) {
      const url = `${urlOf(key)}?X-Amz-Expires=${seconds}`;
      return (await client.sign(url, { method: 'GET', aws: { signQuery: true } })).url;
    },
    check: async () => undefined,
  };
}

/** What each object's address begins with. A bucket with dots has no certificate as a host name. */
function addressOf({ bucket, prefix, endpoint, region }: S3Place): string {
  const host =
    endpoint !== undefined
      ? `${endpoint.href.replace(/\/$/, '')}/${bucket}`
      : bucket.includes('.')
        ? `https://s3.${region}.amazonaws.com/${bucket}`
        : `https://${bucket}.s3.${region}.amazonaws.com`;
  return prefix === '' ? `${host}/` : `${host}/${prefix}/`;
}
