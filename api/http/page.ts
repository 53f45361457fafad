import { Type, type TSchema } from 'typebox';
import type { Parameter } from './route.ts';

/** How many a page has. */
export const LIMIT = { default: 20, most: 100 };

/** Where the next page begins. */
export const cursorParameter: Parameter = {
  name: 'cursor',
  in: 'query',
  description: 'As `next` gave it',
  schema: Type.String(),
};

/** What every list takes that comes in pages. */
export const pageParameters: readonly Parameter[] = [
  {
    name: 'limit',
    in: 'query',
    description: 'How many',
    schema: Type.Integer({ minimum: 1, maximum: LIMIT.most }),
  },
  cursorParameter,
];

/** A page of a list, as every list answers. */
export function pageOf<Item extends TSchema>(item: Item) {
  return Type.Object({ data: Type.Array(item), next: Type.Union([Type.String(), Type.Null()]) });
}
