import type { Outcome } from '../../shared/ports.ts';
import { createClaims, type Claim, type ClaimTerms, type Finish } from '../../shared/redis/claims.ts';
import type { RedisConnection } from '../../shared/redis/connection.ts';
import { createJobWorld } from '../support/job-world.ts';
import { createBullWorld } from './bull-world.ts';

const TERMS: ClaimTerms = { token: 'a lock', starts: true };
const DONE: Outcome = {
  kind: 'succeeded',
  output: '{"ok":true}',
  attempt: '[1,0,1,"succeeded"]',
  cacheTtlMs: 0,
};

export interface FinishOptions extends Partial<ClaimTerms> {
  outcome?: Outcome;
  takesNext?: boolean;
}

/** A world whose runs are taken from BullMQ and given back as the worker does it. */
export function createClaimWorld(connection: RedisConnection, more = '') {
  const world = createJobWorld(connection, more);
  const bull = createBullWorld(world);
  const claims = createClaims(connection, { worker: 'worker', lockMs: 30_000 });
  const take = (terms: Partial<ClaimTerms> = {}): Promise<Claim> =>
    claims.take(world.code, { ...TERMS, ...terms });

  async function takeAll(count: number): Promise<Claim[]> {
    const taken: Claim[] = [];
    while (taken.length < count) taken.push(await take());
    return taken;
  }

  async function finish(claim: Claim | undefined, options: FinishOptions = {}): Promise<Finish> {
    const { outcome = DONE, takesNext = true, ...terms } = options;
    if (typeof claim?.started !== 'object') throw new Error('The run was not started');
    return claims.finish(claim.started, outcome, { ...TERMS, ...terms, takesNext });
  }

  return { world, bull, claims, take, takeAll, finish };
}

export type ClaimWorld = ReturnType<typeof createClaimWorld>;
