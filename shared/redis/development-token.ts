import { SCOPES } from '../principal.ts';
import { connect, PATIENT } from './connection.ts';
import { createTokenStore } from './token-store.ts';

/** Makes `credential` the one development token: an admin of the tenant `dev`. The one before loses its force. */
export async function saveDevelopmentToken(redisUrl: string, credential: string): Promise<void> {
  const redis = connect(redisUrl, PATIENT);
  try {
    const record = { id: 'development', tenant: 'dev', name: 'npm start', scopes: SCOPES, models: ['*'] };
    await createTokenStore(redis).save(credential, record);
  } finally {
    await redis.quit();
  }
}
