import test from 'ava';
import { startTemporaryRedis } from '../../cli/local/temporary-redis.ts';
import { DEFAULT_SETTINGS } from '../../shared/default-settings.ts';
import { connect, PATIENT } from '../../shared/redis/connection.ts';
import { createTenantStore, rememberSettings } from '../../shared/redis/tenant-store.ts';

test('settings that another process changes are in force two seconds later, those of this one at once', async (t) => {
  const redis = await startTemporaryRedis();
  t.teardown(() => redis.stop());
  const connection = connect(redis.url, PATIENT);
  t.teardown(() => connection.quit());
  let now = 0;
  const elsewhere = createTenantStore(connection);
  const { tenants, settingsOf } = rememberSettings(createTenantStore(connection), () => now);
  const weight = async () => (await settingsOf('acme')).weight;
  t.is(await weight(), 1);
  await tenants.save('acme', { ...DEFAULT_SETTINGS, weight: 2 });
  t.is(await weight(), 2);
  await elsewhere.save('acme', { ...DEFAULT_SETTINGS, weight: 3 });
  t.is(await weight(), 2);
  now = 2000;
  t.is(await weight(), 3);
  await tenants.remove('acme');
  t.is(await weight(), 1);
});

test('settings that were read while they changed are not remembered', async (t) => {
  const redis = await startTemporaryRedis();
  t.teardown(() => redis.stop());
  const connection = connect(redis.url, PATIENT);
  t.teardown(() => connection.quit());
  const store = createTenantStore(connection);
  const late = Promise.withResolvers<void>();
  const { tenants, settingsOf } = rememberSettings({
    ...store,
    async find(id) {
      const found = await store.find(id);
      await late.promise;
      return found;
    },
  });
  const before = settingsOf('acme');
  await tenants.save('acme', { ...DEFAULT_SETTINGS, weight: 2 });
  late.resolve();
  t.is((await before).weight, 1);
  t.is((await settingsOf('acme')).weight, 2);
});
