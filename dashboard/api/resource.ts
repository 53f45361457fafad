import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { call, sayFault } from './client.ts';

export interface Resource<T> {
  data: T | undefined;
  fault: string | undefined;
  /** When the data were read, in epoch ms. */
  readAt: number | undefined;
  refresh: () => Promise<void>;
}

/** What was read last, by path: a page that is opened again is there at once, and nothing jumps. */
const known = new Map<string, { value: unknown; readAt: number }>();

export function forgetResources(): void {
  known.clear();
}

/** What a path answers; asked again every so many milliseconds while somebody can see it. */
export function useResource<T>(path: string | undefined, every = 0): Resource<T> {
  const [, redraw] = useState(0);
  const [fault, setFault] = useState<string>();
  const alive = useRef<string>();
  alive.current = path;

  const refresh = useCallback(async () => {
    if (path === undefined) return;
    try {
      const value = await call<T>(path);
      known.set(path, { value, readAt: Date.now() });
      if (alive.current === path) setFault(undefined);
    } catch (error) {
      if (alive.current === path) setFault(sayFault(error));
    }
    if (alive.current === path) redraw((count) => count + 1);
  }, [path]);

  useEffect(() => {
    setFault(undefined);
    return repeat(refresh, every);
  }, [refresh, every]);
  useEffect(() => () => void (alive.current = undefined), []);

  const last = path === undefined ? undefined : known.get(path);
  return { data: last?.value as T | undefined, fault, readAt: last?.readAt, refresh };
}

/** Does it at once and then again and again, one after the other, not while the page is hidden. Answers how to stop. */
export function repeat(act: () => Promise<void>, every: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  async function turn(): Promise<void> {
    if (!document.hidden) await act();
    if (!stopped && every > 0) timer = setTimeout(() => void turn(), every);
  }
  const look = (): void => {
    if (document.hidden || every === 0) return;
    clearTimeout(timer);
    void turn();
  };
  document.addEventListener('visibilitychange', look);
  void turn();
  return () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', look);
  };
}
