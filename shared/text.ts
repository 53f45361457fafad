/** Larger texts lie outside of Redis, where the broker has a blob store. In bytes. */
export const LARGEST_IN_REDIS = 64 * 1024;

/** Where a text lies that is too large for Redis. */
export interface BlobReference {
  blob: string;
  bytes: number;
}

/** A JSON text, or where it lies. */
export type Text = string | BlobReference;

export function bytesOf(text: Text): number {
  return typeof text === 'string' ? Buffer.byteLength(text) : text.bytes;
}

/** As it stands in Redis; no JSON begins with an @. `scripts/lib/blobs.lua` knows it too. */
export function toField(text: Text): string {
  return typeof text === 'string' ? text : `@blob ${text.blob} ${text.bytes}`;
}

export function fromField(field: string): Text {
  if (!field.startsWith('@')) return field;
  const [, blob = '', bytes] = field.split(' ');
  return { blob, bytes: Number(bytes) };
}
