import type { Transport } from './transport.ts';

export interface Page<T> {
  data: T[];
  next: string | null;
}

/** Every item of a list, a page asked for when it is reached. */
export async function* itemsOf<T>(
  transport: Transport,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  for (let next: string | null = path; next !== null;) {
    const page: Page<T> = await transport.ask<Page<T>>({ path: next, signal });
    yield* page.data;
    next = page.next;
  }
}

/** A path with the parameters that are there. */
export function withQuery(path: string, parameters: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

/** A path of these parts; what is in an id does not lead elsewhere. */
export function pathOf(...parts: readonly string[]): string {
  return parts.map((each) => `/${encodeURIComponent(each)}`).join('');
}
