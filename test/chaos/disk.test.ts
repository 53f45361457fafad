import { testRow } from './row-test.ts';
import { powerLoss } from './rows/02-power-loss.ts';
import { slowFsync } from './rows/03-slow-fsync.ts';

testRow(powerLoss);
testRow(slowFsync);
