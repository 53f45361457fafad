import { testRow } from './row-test.ts';
import { kills } from './rows/01-kills.ts';
import { killedApi } from './rows/06-killed-api.ts';
import { standstill } from './rows/10-standstill.ts';
import { poison } from './rows/12-poison.ts';
import { killedSenders } from './rows/15-killed-senders.ts';

// Larger than the others: of few kills one in a bad moment would be too much of the share.
testRow(kills, 0.2);
testRow(killedApi);
testRow(standstill);
testRow(poison);
testRow(killedSenders);
