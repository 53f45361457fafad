import { Strategy } from 'passport';
import type { Principal } from '../../shared/principal.ts';
import { unknownCredential } from './challenge.ts';
import type { Verified } from './remembered.ts';

/** Finds the principal of an API token; undefined where it is none. */
export type FindToken = (token: string) => Promise<Principal | undefined>;

/** A revocation is seen within this time, and a busy client costs one look-up in it. */
const REMEMBERED_MS = 2000;

/** A passport strategy for API tokens: succeeds with a Verified. */
export class ApiTokenStrategy extends Strategy {
  override readonly name = 'api-token';
  // Not #private fields: passport may call an object that only inherits from this one.
  readonly find: FindToken;
  readonly token: string;

  constructor(find: FindToken, token: string) {
    super();
    this.find = find;
    this.token = token;
  }

  override authenticate(): void {
    const until = performance.now() + REMEMBERED_MS;
    this.find(this.token).then(
      (principal) =>
        principal
          ? this.success({ principal, holds: () => performance.now() < until } satisfies Verified)
          : this.fail(unknownCredential()),
      (error: unknown) => this.error(error),
    );
  }
}
