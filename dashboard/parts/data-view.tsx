import { useState } from 'preact/hooks';
import { JsonView } from './json-view.tsx';

type Piece = { kind: 'image'; name: string; source: string } | { kind: 'text'; name: string; text: string };

/** How base64 of these kinds of pictures begins. */
const PICTURES: readonly [string, string][] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
];
const PICTURE_ADDRESS = /^data:image\/(?:png|jpeg|gif|webp);base64,/;
const READABLE_FROM = 60;

/** An input or an output, in the form in which it is read most easily; as JSON at a click. */
export function DataView({ value, label }: { value: unknown; label: string }) {
  const pieces = piecesOf(value);
  const [isRaw, setRaw] = useState(false);
  if (pieces.length === 0) return <JsonView value={value} label={label} />;
  return (
    <div class="data">
      <div class="segments" role="group" aria-label={`How to show: ${label}`}>
        <button type="button" aria-pressed={!isRaw} onClick={() => setRaw(false)}>
          Preview
        </button>
        <button type="button" aria-pressed={isRaw} onClick={() => setRaw(true)}>
          JSON
        </button>
      </div>
      {isRaw ? <JsonView value={value} label={label} /> : pieces.map((piece) => <PieceView piece={piece} />)}
      {!isRaw && typeof value === 'object' && <Rest value={value} pieces={pieces} label={label} />}
    </div>
  );
}

function PieceView({ piece }: { piece: Piece }) {
  return (
    <figure>
      {piece.name !== '' && <figcaption>{piece.name}</figcaption>}
      {piece.kind === 'image' ? (
        <img src={piece.source} alt={piece.name || 'Picture'} />
      ) : (
        <pre class="text" tabIndex={0}>
          {piece.text}
        </pre>
      )}
    </figure>
  );
}

/** What is neither a picture nor a text. */
function Rest({ value, pieces, label }: { value: object | null; pieces: Piece[]; label: string }) {
  const shown = new Set(pieces.map(({ name }) => name));
  const rest = Object.entries(value ?? {}).filter(([name]) => !shown.has(name));
  return rest.length === 0 ? null : (
    <JsonView value={Object.fromEntries(rest)} label={`${label}: the rest`} />
  );
}

function piecesOf(value: unknown): Piece[] {
  if (typeof value === 'string') return [pieceOf('', value, 0)].filter((piece) => piece !== undefined);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value)
    .map(([name, inner]) => (typeof inner === 'string' ? pieceOf(name, inner, READABLE_FROM) : undefined))
    .filter((piece) => piece !== undefined);
}

function pieceOf(name: string, text: string, from: number): Piece | undefined {
  if (PICTURE_ADDRESS.test(text)) return { kind: 'image', name, source: text };
  const [, type] = PICTURES.find(([start]) => text.length > 60 && text.startsWith(start)) ?? [];
  if (type) return { kind: 'image', name, source: `data:${type};base64,${text}` };
  return text.length >= from || text.includes('\n') ? { kind: 'text', name, text } : undefined;
}
