import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { createBlobs, readBlobPlace } from '../../shared/blobs/blob-place.ts';
import type { BlobStore } from '../../shared/blobs/blob-store.ts';
import { S3_CREDENTIALS, startS3Server } from '../support/s3-server.ts';

const run = promisify(execFile);

const STORES: Record<string, (t: ExecutionContext) => Promise<BlobStore>> = {
  files: async (t) => storeAt(await newFolder(t)),
  s3: async (t) => {
    const server = await startS3Server();
    t.teardown(server.stop);
    return storeAt(server.place);
  },
};

for (const [kind, open] of Object.entries(STORES)) {
  test(`${kind}: what was put is read as it was, whatever characters it has`, async (t) => {
    const store = await open(t);
    const content = JSON.stringify({ text: 'é\u2028𝄞\u0000 "\\'.repeat(20_000) });
    await store.put('abc123/job_1-a', content);
    const stream = await store.open('abc123/job_1-a');
    t.is(stream && (await text(stream)), content);
  });

  test(`${kind}: what is not there is undefined, and can be removed`, async (t) => {
    const store = await open(t);
    t.is(await store.open('abc123/job_1-a'), undefined);
    t.false(await store.has('abc123/job_1-a'));
    await store.remove('abc123/job_1-a');
    await store.put('abc123/job_1-a', '1');
    t.true(await store.has('abc123/job_1-a'));
    await store.remove('abc123/job_1-a');
    t.is(await store.open('abc123/job_1-a'), undefined);
    await store.remove('abc123/job_1-a');
  });

  test(`${kind}: many are written and read at once`, async (t) => {
    const store = await open(t);
    const contents = Array.from({ length: 40 }, () => JSON.stringify(randomBytes(50_000).toString('hex')));
    await Promise.all(contents.map((content, at) => store.put(`abc123/job_${at}`, content)));
    const read = await Promise.all(
      contents.map(async (_, at) => {
        const stream = await store.open(`abc123/job_${at}`);
        return stream && text(stream);
      }),
    );
    t.deepEqual(read, contents);
  });

  test(`${kind}: a key that leads elsewhere is refused`, async (t) => {
    const store = await open(t);
    for (const key of [
      '../x',
      'a/../../x',
      '/etc/passwd',
      'a//b',
      'a/.',
      '',
      'a\0b',
      'a?b',
      'a'.repeat(201),
    ]) {
      await t.throwsAsync(store.put(key, '1'), { name: 'TypeError' }, key);
      await t.throwsAsync(store.has(key), { name: 'TypeError' }, key);
      await t.throwsAsync(store.open(key), { name: 'TypeError' }, key);
      await t.throwsAsync(store.remove(key), { name: 'TypeError' }, key);
    }
  });

  test(`${kind}: what cannot be reached is said without its address, and may be tried again`, async (t) => {
    const store = await gone(t, kind);
    for (const work of [store.put('a/b', '1'), store.has('a/b'), store.open('a/b'), store.remove('a/b')]) {
      const error = await t.throwsAsync(work);
      t.like(error, { code: 'storage_unavailable', retryable: true, retryAfter: 5 });
      t.notRegex(error?.message ?? '', /127\.0\.0\.1|inferq-blobs/);
    }
  });
}

test('files are for the user of the broker alone', async (t) => {
  const folder = path.join(await newFolder(t), 'deep/er');
  const store = storeAt(folder);
  await store.put('abc123/job_1', '1');
  const modes = await Promise.all(
    [folder, `${folder}/abc123`, `${folder}/abc123/job_1`].map(
      async (file) => (await stat(file)).mode & 0o777,
    ),
  );
  t.deepEqual(modes, [0o700, 0o700, 0o600]);
});

test('a key is written once', async (t) => {
  const folder = await newFolder(t);
  const files = storeAt(folder);
  await files.put('abc123/job_1', '1');
  await t.throwsAsync(files.put('abc123/job_1', '2'));
  const stream = await files.open('abc123/job_1');
  t.is(stream && (await text(stream)), '1');
});

test('a disk that is full is told, and nothing half written stays', async (t) => {
  const folder = await newFolder(t);
  const module = JSON.stringify(path.join(import.meta.dirname, '../../shared/blobs/file-blobs.ts'));
  const program = `
    const { createFileBlobs } = await import(${module});
    const error = await createFileBlobs(process.argv[1]).put('abc123/job_1', 'x'.repeat(1e6)).catch((error) => error);
    process.stdout.write(error.code + ' ' + error.cause.code);`;
  // No file of this process may grow beyond 100 blocks: as on a full disk, a part of it is written.
  const { stdout } = await run('sh', [
    '-c',
    'ulimit -f 100; exec "$0" --input-type=module -e "$1" "$2"',
    process.execPath,
    program,
    folder,
  ]);
  t.is(stdout, 'storage_unavailable EFBIG');
  t.deepEqual(await readdir(path.join(folder, 'abc123')), []);
});

test('a presigned address is read without a credential, and not under another key', async (t) => {
  const server = await startS3Server();
  t.teardown(server.stop);
  const store = storeAt(server.place);
  await store.put('abc123/job_1', '{"a":1}');
  await store.put('abc123/job_2', '{"a":2}');
  const url = (await store.presign('abc123/job_1', 60)) ?? '';
  const answer = await fetch(url);
  t.is(answer.headers.get('content-type'), 'application/json');
  t.deepEqual(await answer.json(), { a: 1 });
  t.is((await fetch(url.replace('job_1', 'job_2'))).status, 403);
  t.is((await fetch(url.split('?')[0] ?? '')).status, 403, 'unsigned');
  t.is(await storeAt(await newFolder(t)).presign('a', 60), undefined);
});

test('with a wrong secret nothing is taken', async (t) => {
  const server = await startS3Server();
  t.teardown(server.stop);
  const store = storeAt(server.place, { ...S3_CREDENTIALS, AWS_SECRET_ACCESS_KEY: 'wrong' });
  const error = await t.throwsAsync(store.put('a/b', '1'));
  t.regex(String(error?.cause), /S3 answered 403/);
});

test('a place that cannot be used is told', (t) => {
  t.deepEqual(faultsOf('blobs/'), []);
  t.deepEqual(faultsOf('s3://bucket'), []);
  t.deepEqual(faultsOf('s3://bucket/a/b/?region=eu-central-1&endpoint=https://s3.example.org'), []);
  for (const bad of [
    'https://bucket',
    's3://',
    's3://BAD_/x',
    's3://bucket/../x?y',
    's3://bucket/a b',
    's3://k:s@bucket',
    's3://bucket?endpoint=ftp://x',
    's3://bucket?endpoint=http://k:s@x',
    's3://bucket?region=a/b',
    's3://bucket?x=1',
  ])
    t.is(faultsOf(bad).length, 1, bad);
  const faults: string[] = [];
  readBlobPlace({ INFERQ_BLOBS: 's3://bucket' }, faults);
  t.regex(faults[0] ?? '', /AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set/);
});

function faultsOf(INFERQ_BLOBS: string): string[] {
  const faults: string[] = [];
  readBlobPlace({ ...S3_CREDENTIALS, INFERQ_BLOBS }, faults);
  return faults;
}

function storeAt(INFERQ_BLOBS: string, credentials = S3_CREDENTIALS): BlobStore {
  const faults: string[] = [];
  const place = readBlobPlace({ ...credentials, INFERQ_BLOBS }, faults);
  if (!place) throw new Error(faults.join());
  return createBlobs(place);
}

async function newFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'inferq-blobs-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A store of the kind that does not answer. */
async function gone(t: ExecutionContext, kind: string): Promise<BlobStore> {
  if (kind === 's3') {
    const server = await startS3Server();
    await server.stop();
    return storeAt(server.place);
  }
  // A name too long for any file system stands for a disk that fails.
  return storeAt(path.join(await newFolder(t), 'x'.repeat(300)));
}
