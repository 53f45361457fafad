import { testRow } from './row-test.ts';
import { rollingRestart } from './rows/13-rolling-restart.ts';
import { overload } from './rows/19-overload.ts';
import { largeResults } from './rows/22-large-results.ts';

testRow(rollingRestart);
testRow(overload);
testRow(largeResults);
