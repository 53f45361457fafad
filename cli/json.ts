/**
 * Parses JSON such that printing it again changes no number: one that a double cannot hold (a 64-bit id in
 * a model's output) stays as it was written. Throws a SyntaxError.
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && !survives(value, source)
      ? JSON.rawJSON(source)
      : value,
  );
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// A double keeps any 15 significant digits; with more, only what it prints itself is sure to be the same.
function survives(value: number, source: string): boolean {
  const digits = source
    .replace(/e.*$/i, '')
    .replace(/[-.]/g, '')
    .replace(/^0+|0+$/g, '');
  if (!Number.isFinite(value) || (value === 0 && digits !== '')) return false;
  return digits.length <= 15 || String(value) === source;
}
