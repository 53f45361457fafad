import type { TestFn } from 'ava';
import type { JobWorld } from '../../support/job-world.ts';

/** Tests that hold for the job store whatever Redis it is on. `newWorld` makes a model of its own for each. */
export type Suite = (test: TestFn, newWorld: (more?: string) => JobWorld) => void;
