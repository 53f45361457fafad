import { Type } from 'typebox';
import { SCOPES } from '../../shared/principal.ts';
import type { Answer, Call } from '../http/route.ts';

export const Identity = Type.Object({
  tenant: Type.String(),
  subject: Type.String(),
  scopes: Type.Array(Type.Enum([...SCOPES])),
  models: Type.Array(Type.String(), { description: 'Names it may use; * is a wildcard' }),
});

/** Whom a credential stands for. */
export async function showIdentity({ principal }: Call): Promise<Answer> {
  const { tenant, subject, scopes, models } = principal;
  return { status: 200, value: { tenant, subject, scopes, models } };
}
