/**
 * Whether a double keeps the number, and JSON.stringify writes it again. An integer must come back as it was written:
 * 2^55 is a double, but is written as 36028797018963970, which the model would read. Others may have 17 digits, which
 * is as many as any serializer of doubles writes. Nothing becomes infinite, nothing but zero becomes zero.
 */
export function survives(token: string): boolean {
  if (token.length <= 15 && !/[eE]/.test(token)) return true;
  const value = Number(token);
  if (!Number.isFinite(value)) return false;
  const given = significant(token);
  if (given === '') return true;
  if (value === 0) return false;
  if (!Number.isInteger(value) && given.length <= 17) return true;
  return given === significant(String(value));
}

/** The digits without sign, exponent, and zeros at either end; by index, since a RegExp would be quadratic on zeros. */
function significant(token: string): string {
  const digits = token
    .replace(/[eE].*$/, '')
    .replaceAll('-', '')
    .replaceAll('.', '');
  let from = 0;
  let to = digits.length;
  while (from < to && digits[from] === '0') from += 1;
  while (to > from && digits[to - 1] === '0') to -= 1;
  return digits.slice(from, to);
}
