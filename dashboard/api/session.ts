const KEY = 'inferq.token';

/** The credential lives as long as the tab. */
export function storedToken(): string | null {
  return sessionStorage.getItem(KEY);
}

export function storeToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}

/**
 * Moves a token out of the address (`#token=…`) into the session. It is in the fragment because browsers send that to
 * nobody, and gone from the address bar at once. Answers whether there was one.
 */
export function takeTokenFromAddress({ hash, pathname, search }: Location, history: History): boolean {
  const token = new URLSearchParams(hash.slice(1)).get('token');
  if (token === null || token === '') return false;
  storeToken(token);
  history.replaceState(null, '', pathname + search);
  return true;
}
