import { testRow } from './row-test.ts';
import { sickEndpoints } from './rows/16-sick-endpoints.ts';
import { brokenEndpoint } from './rows/17-broken-endpoint.ts';
import { cancels } from './rows/18-cancels.ts';
import { noisyTenant } from './rows/20-noisy-tenant.ts';
import { expiry } from './rows/21-expiry.ts';

testRow(sickEndpoints);
testRow(brokenEndpoint);
testRow(cancels);
testRow(noisyTenant);
testRow(expiry);
