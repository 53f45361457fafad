const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

/** Seconds, for a person: `4 ms`, `1.2 s`, `45 s`, `2 m 3 s`, `3 h 5 m`. */
export function formatSeconds(seconds: number): string {
  // Whole ones are counted, not measured.
  if (Number.isInteger(seconds) && seconds < 10) return `${seconds} s`;
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const index = UNITS.findIndex(([, size]) => whole >= size);
  const unit = UNITS[index];
  if (!unit) return `${whole} s`;
  const [name, size] = unit;
  const [nextName, nextSize] = UNITS[index + 1] ?? ['s', 1];
  const rest = Math.floor((whole % size) / nextSize);
  return `${Math.floor(whole / size)} ${name}${rest > 0 ? ` ${rest} ${nextName}` : ''}`;
}

/** How long ago a time was, in its largest unit: `now`, `12 s`, `3 m`, `4 d`. */
export function formatAge(time: string, now: number): string {
  const seconds = Math.floor((now - Date.parse(time)) / 1000);
  if (Number.isNaN(seconds)) return '–';
  if (seconds < 1) return 'now';
  const [name, size] = UNITS.find(([, size]) => seconds >= size) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${name}`;
}
