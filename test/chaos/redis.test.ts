import { testRow } from './row-test.ts';
import { scriptFlush } from './rows/07-script-flush.ts';
import { fullMemory } from './rows/08-full-memory.ts';
import { outage } from './rows/09-outage.ts';
import { badNetwork } from './rows/11-bad-network.ts';
import { waitingClients } from './rows/23-waiting-clients.ts';

testRow(scriptFlush);
testRow(fullMemory);
testRow(outage);
testRow(badNetwork);
testRow(waitingClients);
