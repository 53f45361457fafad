import { type NgramModel, nextToken, tokenize } from './ngram.ts';

export interface CompletionRequest {
  prompt: string;
  maxTokens: number;
  temperature: number;
  /** The same seed and request give the same text. */
  seed: number;
  /** The text ends before any of these. */
  stop: readonly string[];
}

export interface CompletionEnd {
  finishReason: 'stop' | 'length';
  promptTokens: number;
  completionTokens: number;
}

/** Gives the text piece by piece, as soon as a piece cannot be the beginning of a stop sequence any more. */
export function* complete(model: NgramModel, request: CompletionRequest): Generator<string, CompletionEnd> {
  const prompt = tokenize(request.prompt);
  // Without a prompt, a new paragraph begins.
  const history = prompt.length === 0 ? ['\n\n'] : prompt.slice(-2);
  const random = mulberry32(request.seed);
  let held = '';
  for (let count = 1; count <= request.maxTokens; count++) {
    const token = nextToken(model, history, request.temperature, random);
    history.push(token);
    held += token;
    const end = firstStop(held, request.stop);
    if (end !== -1) {
      yield held.slice(0, end);
      return { finishReason: 'stop', promptTokens: prompt.length, completionTokens: count };
    }
    const safe = held.length - heldBack(held, request.stop);
    yield held.slice(0, safe);
    held = held.slice(safe);
  }
  yield held;
  return { finishReason: 'length', promptTokens: prompt.length, completionTokens: request.maxTokens };
}

function firstStop(text: string, stop: readonly string[]): number {
  const found = stop.map((sequence) => text.indexOf(sequence)).filter((at) => at !== -1);
  return found.length === 0 ? -1 : Math.min(...found);
}

/** How many characters at the end may be the beginning of a stop sequence. */
function heldBack(text: string, stop: readonly string[]): number {
  const longest = Math.max(0, ...stop.map((sequence) => sequence.length - 1));
  for (let length = Math.min(longest, text.length); length > 0; length--) {
    if (stop.some((sequence) => sequence.startsWith(text.slice(-length)))) return length;
  }
  return 0;
}

/** Numbers in [0, 1), the same for the same seed. Tommy Ettinger's generator, public domain. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
