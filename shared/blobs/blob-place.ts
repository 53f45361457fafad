import path from 'node:path';
import type { Environment } from '../config.ts';
import type { BlobStore } from './blob-store.ts';
import { createFileBlobs } from './file-blobs.ts';
import { createS3Blobs, type S3Place } from './s3-blobs.ts';

/** Where large texts are kept: a folder, or a bucket. */
export type BlobPlace = { folder: string } | { s3: S3Place };

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const PREFIX = /^([\w-]+(\/[\w-]+)*)?$/;
const REGION = /^[a-z0-9-]{1,32}$/;

/** Reads INFERQ_BLOBS; undefined where it is not set: all texts stay in Redis. Faults are added to the list. */
export function readBlobPlace(env: Environment, faults: string[]): BlobPlace | undefined {
  // All are asked for, so that one look finds the variables that count.
  const { INFERQ_BLOBS: text, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION } = env;
  if (!text) return undefined;
  const url = /^[a-z][a-z0-9+.-]*:\/\//.test(text) ? URL.parse(text) : undefined;
  const fault = (sentence: string): undefined => void faults.push(`INFERQ_BLOBS ${sentence}.`);
  if (url === undefined) return { folder: path.resolve(text) };
  if (url?.protocol !== 's3:') return fault('must be a folder, or s3://bucket/prefix');
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY)
    return fault('is a bucket: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set');
  const credentials = {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  };
  const place = readBucket(url, AWS_REGION);
  return typeof place === 'string' ? fault(place) : { s3: { ...place, credentials } };
}

/** The place, or what is wrong with it. */
function readBucket(url: URL, region = 'us-east-1'): Omit<S3Place, 'credentials'> | string {
  const { hostname: bucket, searchParams } = url;
  const prefix = url.pathname.replace(/^\/|\/$/g, '');
  const place = { bucket, prefix, region: searchParams.get('region') ?? region };
  const unknown = [...searchParams.keys()].find((name) => name !== 'endpoint' && name !== 'region');
  if (unknown !== undefined) return `has a parameter '${unknown}': it takes endpoint and region`;
  if (url.username || url.password) return 'must not hold credentials: set AWS_ACCESS_KEY_ID instead';
  if (!BUCKET.test(bucket)) return 'names no bucket: s3://bucket/prefix';
  if (!PREFIX.test(prefix)) return 'has a prefix with other characters than letters, digits, _, - and /';
  if (!REGION.test(place.region)) return 'has a region that is not valid';
  const address = searchParams.get('endpoint');
  if (address === null) return { ...place, endpoint: undefined };
  const endpoint = URL.parse(address);
  return endpoint && isPlainHttp(endpoint)
    ? { ...place, endpoint }
    : 'has an endpoint that is no http(s) address';
}

function isPlainHttp({ protocol, username, password, search, hash }: URL): boolean {
  return (protocol === 'https:' || protocol === 'http:') && `${username}${password}${search}${hash}` === '';
}

export function createBlobs(place: BlobPlace): BlobStore {
  return 'folder' in place ? createFileBlobs(place.folder) : createS3Blobs(place.s3);
}
