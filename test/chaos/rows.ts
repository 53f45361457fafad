import type { Row } from './row.ts';
import { kills } from './rows/01-kills.ts';
import { outage } from './rows/09-outage.ts';
import { cancels } from './rows/18-cancels.ts';

export const ROWS: readonly Row[] = [kills, outage, cancels];
