import { testRow } from './row-test.ts';
import { sentinel } from './rows/04-sentinel.ts';
import { cluster } from './rows/05-cluster.ts';

testRow(sentinel);
testRow(cluster);
