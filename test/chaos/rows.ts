import type { Row } from './row.ts';
import { kills } from './rows/01-kills.ts';
import { powerLoss } from './rows/02-power-loss.ts';
import { slowFsync } from './rows/03-slow-fsync.ts';
import { sentinel } from './rows/04-sentinel.ts';
import { cluster } from './rows/05-cluster.ts';
import { killedApi } from './rows/06-killed-api.ts';
import { scriptFlush } from './rows/07-script-flush.ts';
import { fullMemory } from './rows/08-full-memory.ts';
import { outage } from './rows/09-outage.ts';
import { standstill } from './rows/10-standstill.ts';
import { badNetwork } from './rows/11-bad-network.ts';
import { poison } from './rows/12-poison.ts';
import { rollingRestart } from './rows/13-rolling-restart.ts';
import { badReceivers } from './rows/14-bad-receivers.ts';
import { killedSenders } from './rows/15-killed-senders.ts';
import { sickEndpoints } from './rows/16-sick-endpoints.ts';
import { brokenEndpoint } from './rows/17-broken-endpoint.ts';
import { cancels } from './rows/18-cancels.ts';
import { overload } from './rows/19-overload.ts';
import { noisyTenant } from './rows/20-noisy-tenant.ts';
import { expiry } from './rows/21-expiry.ts';
import { largeResults } from './rows/22-large-results.ts';
import { waitingClients } from './rows/23-waiting-clients.ts';
import { wrongClocks } from './rows/24-wrong-clocks.ts';

export const ROWS: readonly Row[] = [
  kills,
  powerLoss,
  slowFsync,
  sentinel,
  cluster,
  killedApi,
  scriptFlush,
  fullMemory,
  outage,
  standstill,
  badNetwork,
  poison,
  rollingRestart,
  badReceivers,
  killedSenders,
  sickEndpoints,
  brokenEndpoint,
  cancels,
  overload,
  noisyTenant,
  expiry,
  largeResults,
  waitingClients,
  wrongClocks,
];
