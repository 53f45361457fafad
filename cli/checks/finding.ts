/** One thing that was looked at. */
export interface Finding {
  /** `warning`: works, but not as it might. */
  level: 'ok' | 'warning' | 'broken';
  text: string;
  cure?: string;
}

export function ok(text: string): Finding {
  return { level: 'ok', text };
}

export function warning(text: string, cure: string): Finding {
  return { level: 'warning', text, cure };
}

export function broken(text: string, cure: string): Finding {
  return { level: 'broken', text, cure };
}
