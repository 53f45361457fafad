/** Words back that the model looks at, at most: a 3-gram model. */
const ORDER = 3;

/** Two words seen together less often than this say too little: with 1, it would recite the book. */
const ENOUGH = 2;

/** Below this temperature the likeliest word is taken; the powers would leave the range of numbers. */
const COLD = 0.01;

/** A word brings the space before it, as in GPT's tokenizers, so that joined tokens are the text again. */
const TOKEN = /\n+| ?[\p{L}\p{M}\p{N}]+(?:['’-][\p{L}\p{M}\p{N}]+)*| ?[^\s\p{L}\p{M}\p{N}]|\s/gu;

export interface NgramModel {
  vocabulary: readonly string[];
  ids: ReadonlyMap<string, number>;
  /** The text, as ids of its tokens. */
  sequence: Uint32Array;
  /** Every place in the text, sorted by the two tokens before it: each history is one unbroken range. */
  places: Float64Array;
}

export function tokenize(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

/** Reads the text once. A place is the number `(previous · V + the one before) · N + index`, exact below 2^53. */
export function train(text: string): NgramModel {
  const tokens = tokenize(text);
  const vocabulary = [...new Set(tokens)];
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  const sequence = Uint32Array.from(tokens, (token) => ids.get(token) ?? 0);
  const places = new Float64Array(Math.max(0, sequence.length - ORDER + 1));
  for (let i = ORDER - 1; i < sequence.length; i++) {
    const history = (sequence[i - 1] ?? 0) * vocabulary.length + (sequence[i - 2] ?? 0);
    places[i - ORDER + 1] = history * sequence.length + i;
  }
  return { vocabulary, ids, sequence, places: places.sort() };
}

/**
 * One token to follow `history`, drawn by how often it followed those words in the text: the last two, or the last
 * one, or none (back-off). `temperature` 0 takes the most frequent, 1 keeps the odds; `random` gives numbers in [0, 1).
 */
export function nextToken(
  model: NgramModel,
  history: readonly string[],
  temperature: number,
  random: () => number,
): string {
  const counts = followers(model, history);
  const id = temperature < COLD ? mostFrequent(counts) : draw(counts, temperature, random());
  return model.vocabulary[id] ?? '';
}

function followers(model: NgramModel, history: readonly string[]): Map<number, number> {
  const [from, to] = rangeOf(model, history);
  const counts = new Map<number, number>();
  for (const place of model.places.subarray(from, to)) {
    const id = model.sequence[place % model.sequence.length] ?? 0;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** The range of `places` that has the longest history that says enough. */
function rangeOf(model: NgramModel, history: readonly string[]): [number, number] {
  const last = model.ids.get(history.at(-1) ?? '');
  const before = model.ids.get(history.at(-2) ?? '');
  if (last === undefined) return [0, model.places.length];
  const words = model.vocabulary.length;
  if (before !== undefined) {
    const [from, to] = placesAfter(model, last * words + before, 1);
    if (to - from >= ENOUGH) return [from, to];
  }
  const [from, to] = placesAfter(model, last * words, words);
  return to > from ? [from, to] : [0, model.places.length];
}

/** The range of `places` for `width` neighbouring histories from the number `history` on. */
function placesAfter({ places, sequence }: NgramModel, history: number, width: number): [number, number] {
  const size = sequence.length;
  return [lowerBound(places, history * size), lowerBound(places, (history + width) * size)];
}

/** The first index whose value is at least `wanted`. */
function lowerBound(sorted: Float64Array, wanted: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mostFrequent(counts: Map<number, number>): number {
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0])[0];
}

function draw(counts: Map<number, number>, temperature: number, random: number): number {
  const most = Math.max(...counts.values());
  // Divided by the largest first: a small temperature is a large exponent.
  const weights = [...counts].map(([id, count]) => ({ id, weight: (count / most) ** (1 / temperature) }));
  let rest = random * weights.reduce((sum, { weight }) => sum + weight, 0);
  for (const { id, weight } of weights) {
    rest -= weight;
    if (rest < 0) return id;
  }
  return weights.at(-1)?.id ?? 0;
}
