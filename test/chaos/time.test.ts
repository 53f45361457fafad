import { testRow } from './row-test.ts';
import { badReceivers } from './rows/14-bad-receivers.ts';
import { wrongClocks } from './rows/24-wrong-clocks.ts';

testRow(badReceivers);
testRow(wrongClocks);
