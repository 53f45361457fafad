export interface Flushed {
  /** Bytes of the AOF that were written since the trace began. */
  written: number;
  /** Of them, those that were written before a flush that ended well began. */
  flushed: number;
  flushes: number;
}

const WRITE = /\bwrite\(.*\)?\s+= (\d+)$/;
const WRITE_RESUMED = /<\.\.\. write resumed>.*= (\d+)$/;
const FLUSH = /\bfdatasync\(\d+[^)]*\)\s+= 0\b/;
const FLUSH_BEGINS = /\bfdatasync\(.*<unfinished/;
const FLUSH_ENDS = /<\.\.\. fdatasync resumed>.*= 0\b/;

/** What of a file is on the disk for certain, by strace's lines of its writes and flushes. */
export function readFlushed(trace: string): Flushed {
  let written = 0;
  let flushed = 0;
  let flushes = 0;
  // By thread: with `everysec` another one flushes than writes.
  const begun = new Map<string, number>();
  for (const line of trace.split('\n')) {
    const thread = line.slice(0, line.indexOf(' '));
    const bytes = (WRITE.exec(line) ?? WRITE_RESUMED.exec(line))?.[1];
    if (bytes !== undefined) written += Number(bytes);
    else if (FLUSH_BEGINS.test(line)) begun.set(thread, written);
    else if (FLUSH.test(line) || FLUSH_ENDS.test(line)) {
      flushed = begun.get(thread) ?? written;
      begun.delete(thread);
      flushes += 1;
    }
  }
  return { written, flushed, flushes };
}
