import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import { createFileBlobs } from '../../shared/blobs/file-blobs.ts';
import { createMarkedBlobs } from '../../shared/blobs/marked-blobs.ts';

for (const stand of ['nothing', 'an empty folder'])
  test(`where ${stand} stands in the place of a folder, it is not used: all says that it is away`, async (t) => {
    const parent = await mkdtemp(path.join(tmpdir(), 'inferq-blobs-'));
    t.teardown(() => rm(parent, { recursive: true, force: true }));
    const folder = path.join(parent, 'blobs');
    const files = createFileBlobs(folder);
    await files.put('marks/1', '1');
    const store = createMarkedBlobs(files, 'marks/1');
    await store.put('abc123/job_1', '1');
    await store.check();
    t.false(await store.has('abc123/job_2'));

    await rename(folder, `${folder}-away`);
    if (stand !== 'nothing') await mkdir(folder);
    const key = 'abc123/job_1';
    for (const work of [store.put(key, '1'), store.has(key), store.open(key), store.remove(key)])
      t.like(await t.throwsAsync(work), { code: 'storage_unavailable', retryable: true });
    await t.throwsAsync(store.check(), { message: /see that it is mounted/ });
    t.deepEqual(await readdir(parent), stand === 'nothing' ? ['blobs-away'] : ['blobs', 'blobs-away']);

    await rm(folder, { recursive: true, force: true });
    await rename(`${folder}-away`, folder);
    await store.check();
    t.true(await store.has(key));
  });
