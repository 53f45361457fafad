import { CopyButton } from './copy.tsx';

const OPEN_DEPTH = 2;
const MOST_CHILDREN = 200;
const LONGEST_TEXT = 2000;

/** A JSON value as a tree that folds. */
export function JsonView({ value, label }: { value: unknown; label: string }) {
  return (
    <div class="json" role="group" aria-label={label} tabIndex={0}>
      <CopyButton text={() => JSON.stringify(value, null, 2)} label={`Copy: ${label}`} />
      <Node value={value} depth={0} />
    </div>
  );
}

function Node({ name, value, depth }: { name?: string; value: unknown; depth: number }) {
  const key = name === undefined ? null : <span class="key">{name}: </span>;
  const entries = entriesOf(value);
  if (entries === undefined || entries.length === 0) {
    return (
      <div class="leaf">
        {key}
        <Leaf value={value} />
      </div>
    );
  }
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  return (
    <details open={depth < OPEN_DEPTH && entries.length <= 40}>
      <summary>
        {key}
        <span class="size">{size}</span>
      </summary>
      {entries.slice(0, MOST_CHILDREN).map(([child, inner]) => (
        <Node key={child} name={child} value={inner} depth={depth + 1} />
      ))}
      {entries.length > MOST_CHILDREN && (
        <div class="leaf muted">… {entries.length - MOST_CHILDREN} more</div>
      )}
    </details>
  );
}

function entriesOf(value: unknown): [string, unknown][] | undefined {
  if (Array.isArray(value)) return value.map((item, index) => [String(index), item]);
  return typeof value === 'object' && value !== null ? Object.entries(value) : undefined;
}

function Leaf({ value }: { value: unknown }) {
  if (typeof value === 'string') {
    const isLong = value.length > LONGEST_TEXT;
    return <span class="string">{JSON.stringify(isLong ? `${value.slice(0, LONGEST_TEXT)}…` : value)}</span>;
  }
  return <span class={value === null ? 'null' : typeof value}>{JSON.stringify(value) ?? 'undefined'}</span>;
}
