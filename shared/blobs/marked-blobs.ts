import { storageUnavailable, type BlobStore } from './blob-store.ts';

/**
 * A store whose mark of the start is looked for before anything is made of what is not in it, or put there. Where a
 * folder is lost, or its file system unmounted, another one may stand in its place: it lacks all that is kept, and what
 * it took nobody would find again.
 */
export function createMarkedBlobs(store: BlobStore, mark: string): BlobStore {
  let looking: Promise<boolean> | undefined;

  /** One look at a time: where a mount hangs, each would take a thread of Node's few. */
  async function check(): Promise<void> {
    looking ??= store.has(mark).finally(() => (looking = undefined));
    if (await looking) return;
    throw new Error(`The mark of the start is not in ${store.name} any more: see that it is mounted.`);
  }

  async function see(doing: string): Promise<void> {
    await check().catch((error: unknown) => {
      throw storageUnavailable(doing, error);
    });
  }

  return {
    ...store,
    check,
    async put(key, text) {
      await see('take anything');
      await store.put(key, text);
    },
    async has(key) {
      if (await store.has(key)) return true;
      await see('answer');
      return false;
    },
    async open(key) {
      const stream = await store.open(key);
      if (!stream) await see('answer');
      return stream;
    },
    async remove(key) {
      await see('answer');
      await store.remove(key);
    },
  };
}
