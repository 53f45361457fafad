import { access, open, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { checkKey, storageUnavailable, type BlobStore } from './blob-store.ts';

const READ_AT_ONCE = 128 * 1024;

/** A blob a file, for the user of the broker alone. Several hosts need a folder that all of them see. */
export function createFileBlobs(folder: string): BlobStore {
  const fileOf = (key: string): string => {
    checkKey(key);
    return path.join(folder, key);
  };

  return {
    name: `files in ${folder}`,
    async put(key, text) {
      const file = fileOf(key);
      try {
        const made = await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
        await writeSafely(file, text);
        await flushFolders(path.dirname(file), made === undefined ? path.dirname(file) : path.dirname(made));
      } catch (error) {
        if (!isThere(error)) await rm(file, { force: true }).catch(() => undefined);
        throw storageUnavailable('take anything', error);
      }
    },
    async has(key) {
      const file = fileOf(key);
      try {
        await access(file);
        return true;
      } catch (error) {
        if (isMissing(error)) return false;
        throw storageUnavailable('answer', error);
      }
    },
    async open(key) {
      const file = fileOf(key);
      try {
        const handle = await open(file, 'r');
        return handle.createReadStream({ highWaterMark: READ_AT_ONCE });
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw storageUnavailable('answer', error);
      }
    },
    async remove(key) {
      const file = fileOf(key);
      try {
        await rm(file, { force: true });
      } catch (error) {
        throw storageUnavailable('answer', error);
      }
    },
    presign: async () => undefined,
    check: async () => undefined,
  };
}

async function writeSafely(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A new name is on disk only when its folder is, and so is a new folder's. */
async function flushFolders(lowest: string, highest: string): Promise<void> {
  for (let folder = lowest; ; folder = path.dirname(folder)) {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (folder === highest) return;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function isThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
