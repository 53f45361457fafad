/** Who is asking: what every kind of credential becomes. */
export interface Principal {
  tenant: string;
  subject: string;
  scopes: readonly Scope[];
  /** Model names it may use, with `*` as a wildcard. */
  models: readonly string[];
}

export const SCOPES = ['jobs:write', 'jobs:read', 'models:read', 'models:write', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export function isScope(text: string): text is Scope {
  return SCOPES.some((scope) => scope === text);
}

export const TENANT_NAME_RULE =
  'lower-case letters, digits, _ and -, at most 63, the first a letter or digit';

/**
 * Whether a tenant can have this name. Capitals are refused rather than folded: issuers tell `Acme` from `acme`, and
 * the two must not end up as one tenant.
 */
export function isTenantName(text: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,62}$/.test(text);
}

export function hasScope(principal: Principal, scope: Scope): boolean {
  return principal.scopes.includes(scope) || principal.scopes.includes('admin');
}

/** Whether a name fits one of the patterns, in which `*` stands for any run of characters. */
export function fitsPattern(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => fits(name, pattern.split('*')));
}

// By hand rather than by RegExp: a pattern is somebody's input, and several `*` make a RegExp backtrack.
function fits(name: string, [head = '', ...rest]: string[]): boolean {
  const tail = rest.pop();
  if (tail === undefined) return name === head;
  if (!name.startsWith(head) || name.length < head.length + tail.length || !name.endsWith(tail)) return false;
  let from = head.length;
  const end = name.length - tail.length;
  for (const middle of rest) {
    const found = name.indexOf(middle, from);
    if (found < 0 || found + middle.length > end) return false;
    from = found + middle.length;
  }
  return true;
}
