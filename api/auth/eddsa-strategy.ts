import type { KeyObject } from 'node:crypto';
import { jwtVerify, type JWTVerifyOptions } from 'jose';
import { Strategy } from 'passport';
import { unverifiable } from './challenge.ts';

/**
 * What passport-jwt is for the other algorithms: its jsonwebtoken knows no EdDSA (auth0/node-jsonwebtoken#987), so jose
 * verifies. Succeeds with the claims.
 */
export class EdDsaStrategy extends Strategy {
  override readonly name = 'jwt-eddsa';
  // Not #private fields: passport may call an object that only inherits from this one.
  readonly token: string;
  readonly key: KeyObject;
  readonly options: JWTVerifyOptions;

  constructor(token: string, key: KeyObject, options: Omit<JWTVerifyOptions, 'algorithms'>) {
    super();
    this.token = token;
    this.key = key;
    this.options = { ...options, algorithms: ['EdDSA'] };
  }

  override authenticate(): void {
    jwtVerify(this.token, this.key, this.options).then(
      ({ payload }) => this.success(payload),
      (fault: unknown) => this.fail(fault instanceof Error ? fault : unverifiable()),
    );
  }
}
