import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Scope } from '../../shared/principal.ts';

/** Whom the credential stands for: `GET /me`. */
export interface Identity {
  tenant: string;
  subject: string;
  scopes: readonly Scope[];
  models: readonly string[];
}

export const IdentityContext = createContext<Identity>({ tenant: '', subject: '', scopes: [], models: [] });

/** Whether the credential has a scope; what it may not do is not shown. */
export function useMay(): (scope: Scope) => boolean {
  const { scopes } = useContext(IdentityContext);
  return (scope) => scopes.includes(scope) || scopes.includes('admin');
}

export function useTenant(): string {
  return useContext(IdentityContext).tenant;
}
