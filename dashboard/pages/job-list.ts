import { useEffect, useRef, useState } from 'preact/hooks';
import type { JobLine, Page } from '../api/bodies.ts';
import { call, sayFault } from '../api/client.ts';
import { repeat } from '../api/resource.ts';

const EVERY_MS = 2000;

/** Jobs as they have been read, newest first, and the page of the API that each came with. */
interface Lines {
  list: JobLine[];
  pageOf: Map<string, string>;
  next: string | null;
  /** New ones that were not put on top, because that would move what is being looked at. */
  fresh: JobLine[];
  /** When they were brought up to date, in epoch ms. */
  readAt: number | undefined;
}

export interface JobList {
  lines: readonly JobLine[];
  fresh: number;
  hasMore: boolean;
  fault: string | undefined;
  readAt: number | undefined;
  /** Reads the page after the last. */
  more: () => void;
  /** Puts the new ones on top. */
  takeFresh: () => void;
  refresh: () => Promise<void>;
}

/** What is on the screen, for the list to know what to keep current. */
export interface Seen {
  isAtTop: boolean;
  ids: readonly string[];
}

/** A list of jobs that grows at its end when asked, and is kept current where it is looked at. */
export function useJobList(first: string, seen: () => Seen): JobList {
  const [, redraw] = useState(0);
  const [fault, setFault] = useState<string>();
  const state = useRef<Lines>(emptyLines(first));
  const isLoading = useRef(false);
  const changed = (): void => redraw((turn) => turn + 1);

  async function load(act: (lines: Lines) => Promise<void>): Promise<void> {
    const lines = state.current;
    try {
      await act(lines);
      if (lines === state.current) setFault(undefined);
    } catch (error) {
      if (lines === state.current) setFault(sayFault(error));
    }
    if (lines === state.current) changed();
  }

  const refresh = (): Promise<void> =>
    load(async (lines) => {
      const { isAtTop, ids } = seen();
      takeHead(lines, await readPage(first), first, isAtTop);
      for (const page of pagesToRead(lines, ids, first)) update(lines, (await readPage(page)).data);
      lines.readAt = Date.now();
    });

  const more = (): void => {
    const { next } = state.current;
    if (isLoading.current || next === null) return;
    isLoading.current = true;
    void load(async (lines) => append(lines, await readPage(next), next)).then(
      () => (isLoading.current = false),
    );
  };

  useEffect(() => {
    state.current = emptyLines(first);
    isLoading.current = false;
    changed();
    return repeat(refresh, EVERY_MS);
  }, [first]);

  const { list, fresh, next, readAt } = state.current;
  const takeFresh = (): void => {
    putOnTop(state.current);
    changed();
  };
  return {
    lines: list,
    fresh: fresh.length,
    hasMore: next !== null,
    fault,
    readAt,
    more,
    takeFresh,
    refresh,
  };
}

function emptyLines(first: string): Lines {
  return { list: [], pageOf: new Map(), next: first, fresh: [], readAt: undefined };
}

async function readPage(path: string): Promise<Page<JobLine>> {
  const { data, next } = await call<Page<JobLine & { output?: unknown }>>(path);
  for (const job of data) delete job.output;
  return { data, next };
}

function append(lines: Lines, { data, next }: Page<JobLine>, page: string): void {
  for (const job of data) {
    if (!lines.pageOf.has(job.id)) lines.list.push(job);
    lines.pageOf.set(job.id, page);
  }
  lines.next = next;
}

function takeHead(lines: Lines, page: Page<JobLine>, first: string, isAtTop: boolean): void {
  if (lines.list.length === 0) return append(lines, page, first);
  const unknown = page.data.filter(({ id }) => !lines.pageOf.has(id));
  update(lines, page.data);
  // More came than a page holds: what lies between is not known, so it begins anew from the top.
  if (unknown.length === page.data.length && unknown.length > 0 && isAtTop) {
    Object.assign(lines, emptyLines(first));
    return append(lines, page, first);
  }
  lines.fresh = unknown;
  if (isAtTop) putOnTop(lines);
}

function putOnTop(lines: Lines): void {
  for (const { id } of lines.fresh) lines.pageOf.set(id, '');
  lines.list.unshift(...lines.fresh);
  lines.fresh = [];
}

function update(lines: Lines, jobs: readonly JobLine[]): void {
  const current = new Map(jobs.map((job) => [job.id, job]));
  lines.list = lines.list.map((job) => current.get(job.id) ?? job);
}

/** The pages, but for the first, of those on the screen that may have changed: two at most. */
function pagesToRead({ list, pageOf }: Lines, ids: readonly string[], first: string): string[] {
  const onScreen = new Set(ids);
  const open = list.filter(({ id, completed_at: end }) => end === null && onScreen.has(id));
  const pages = new Set(open.map(({ id }) => pageOf.get(id) ?? ''));
  return [...pages].filter((page) => page !== '' && page !== first).slice(0, 2);
}
