import type { Row } from './row.ts';
import { kills } from './rows/01-kills.ts';
import { powerLoss } from './rows/02-power-loss.ts';
import { slowFsync } from './rows/03-slow-fsync.ts';
import { outage } from './rows/09-outage.ts';
import { cancels } from './rows/18-cancels.ts';

export const ROWS: readonly Row[] = [kills, powerLoss, slowFsync, outage, cancels];
