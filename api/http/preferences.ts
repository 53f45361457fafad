const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const PREFERENCE = new RegExp(
  `^[ \\t]*(${TOKEN})[ \\t]*(?:=[ \\t]*(?:(${TOKEN})|"((?:[^"\\\\]|\\\\.)*)")[ \\t]*)?$`,
);

/**
 * Reads a `Prefer` header (RFC 7240 §2): the value of each preference, empty where there is none, by its name in lower
 * case. Of one that is given twice the first counts, as the RFC has it. Parameters of a preference, and what is not
 * well-formed, are left out.
 */
export function readPreferences(header: string): ReadonlyMap<string, string> {
  const preferences = new Map<string, string>();
  for (const element of splitUnquoted(header, ',')) {
    const [preference = ''] = splitUnquoted(element, ';');
    const [, name, bare, quoted = ''] = PREFERENCE.exec(preference) ?? [];
    const key = name?.toLowerCase();
    if (key === undefined || preferences.has(key)) continue;
    preferences.set(key, bare ?? quoted.replace(/\\(.)/g, '$1'));
  }
  return preferences;
}

/** Splits where the separator stands outside of quoted strings (RFC 9110 §5.6.4). */
function splitUnquoted(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') isQuoted = !isQuoted;
    else if (isQuoted && char === '\\') at += 1;
    else if (!isQuoted && char === separator) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}
