// Makes, once, the secrets of one `docker-compose up`: a Redis user for each role with a random password, and the
// first admin's token. Each goes into the folder that is mounted where it is needed; what is there already stays.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const { SECRETS_FOLDER = '/secrets', REDIS_HOST = 'redis:6379' } = process.env;
/** The rights of the users, without their passwords. */
const rights = readFileSync(new URL('redis-users.acl', import.meta.url), 'utf8');

function keep(folder, name, make) {
  const file = join(SECRETS_FOLDER, folder, name);
  mkdirSync(join(SECRETS_FOLDER, folder), { recursive: true });
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  return write(file, make());
}

/** All of it or nothing, should we be killed in between. */
function write(file, text) {
  writeFileSync(`${file}.part`, text, { mode: 0o444 });
  renameSync(`${file}.part`, file);
  return text;
}

const random = () => randomBytes(32).toString('base64url');
const users = ['api', 'worker'].map((user) => {
  const url = new URL(keep(user, 'redis-url', () => `redis://${user}:${random()}@${REDIS_HOST}`));
  const hash = createHash('sha256').update(url.password).digest('hex');
  return { user, hash };
});
keep('api', 'token', () => `ifq_${random()}`);
const acl = users.reduce((text, { user, hash }) => text.replace(`user ${user} on`, `$& #${hash}`), rights);
mkdirSync(join(SECRETS_FOLDER, 'redis'), { recursive: true });
write(join(SECRETS_FOLDER, 'redis', 'users.acl'), acl);
