import type { StreamPart } from './protocols/protocol.ts';

/** Passes parts on, and tells once how long after this call the first piece of output came. */
export function timeFirstToken(
  tell: (part: StreamPart) => void | Promise<void>,
  onFirst: (milliseconds: number) => void,
  now: () => number = () => performance.now(),
): (part: StreamPart) => void | Promise<void> {
  const begun = now();
  let told = false;
  return (part) => {
    if (part.kind === 'chunk' && !told) {
      told = true;
      onFirst(now() - begun);
    }
    return tell(part);
  };
}
