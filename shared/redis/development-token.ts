import { DEFAULT_SETTINGS } from '../default-settings.ts';
import { SCOPES } from '../principal.ts';
import { connect, PATIENT } from './connection.ts';
import { createTenantStore } from './tenant-store.ts';
import { createTokenStore } from './token-store.ts';

const TENANT = 'dev';

/** Makes `credential` the one development token: an admin of the tenant `dev`. The one before loses its force. */
export async function saveDevelopmentToken(redisUrl: string, credential: string): Promise<void> {
  const redis = connect(redisUrl, PATIENT);
  try {
    const tenants = createTenantStore(redis);
    if (!(await tenants.find(TENANT))) await tenants.save(TENANT, DEFAULT_SETTINGS);
    const token = { tenant: TENANT, name: 'npm start', scopes: [...SCOPES], models: ['*'], expires_at: null };
    await createTokenStore(redis).save(credential, token, 'development');
  } finally {
    await redis.quit();
  }
}
