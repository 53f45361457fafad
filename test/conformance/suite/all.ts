import { bounds } from './bounds.ts';
import { cache } from './cache.ts';
import { charges } from './charges.ts';
import { fairness } from './fairness.ts';
import { fencing } from './fencing.ts';
import { history } from './history.ts';
import { life } from './life.ts';
import { poison } from './poison.ts';
import { retry } from './retry.ts';
import { sharing } from './sharing.ts';
import { steppedClock } from './stepped-clock.ts';
import type { Suite } from './suite.ts';
import { together } from './together.ts';
import { transitions } from './transitions.ts';
import { ttl } from './ttl.ts';
import { waking } from './waking.ts';
import { webhooks } from './webhooks.ts';

/** Everything that must hold for the job store, on a single Redis as on a cluster. */
export const jobStoreSuite: Suite = (test, newWorld) => {
  const parts = [
    life,
    history,
    cache,
    charges,
    sharing,
    fencing,
    poison,
    ttl,
    retry,
    bounds,
    fairness,
    webhooks,
    waking,
    together,
    transitions,
    steppedClock,
  ];
  for (const part of parts) part(test, newWorld);
};
