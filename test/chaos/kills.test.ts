import { testRow } from './row-test.ts';
import { kills } from './rows/01-kills.ts';
import { killedApi } from './rows/06-killed-api.ts';
import { standstill } from './rows/10-standstill.ts';
import { poison } from './rows/12-poison.ts';
import { killedSenders } from './rows/15-killed-senders.ts';

testRow(kills);
testRow(killedApi);
testRow(standstill);
testRow(poison);
testRow(killedSenders);
