import { Type, type Static } from 'typebox';
import { SCOPES } from '../../shared/principal.ts';

/** What an admin posts to make an API token. */
export const TokenRequest = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, description: 'For people' }),
    scopes: Type.Array(Type.Enum([...SCOPES]), { minItems: 1, uniqueItems: true }),
    models: Type.Optional(
      Type.Array(Type.String({ maxLength: 96 }), {
        minItems: 1,
        maxItems: 1000,
        description: '* is a wildcard',
      }),
    ),
    expires_at: Type.Optional(Type.Union([Type.String({ format: 'date-time' }), Type.Null()])),
  },
  { additionalProperties: false },
);
export type TokenRequest = Static<typeof TokenRequest>;

const ApiToken = Type.Object({
  id: Type.String(),
  tenant: Type.String(),
  name: Type.String(),
  prefix: Type.String({ description: 'How the token begins' }),
  scopes: Type.Array(Type.Enum([...SCOPES])),
  models: Type.Array(Type.String()),
  created_at: Type.String({ format: 'date-time' }),
  expires_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  last_used_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
    description: 'To the minute',
  }),
});

export const MadeToken = Type.Object({
  ...ApiToken.properties,
  token: Type.String({ description: 'ifq_…: shown this once' }),
});

export const TokenList = Type.Object({ data: Type.Array(ApiToken), next: Type.Null() });
