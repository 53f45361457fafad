// Makes the API accept the development token: a process of its own, for a client of a Redis that is not there
// tries for ever, and says so each time.
import { saveDevelopmentToken } from '../../shared/redis/development-token.ts';

const WITHIN_MS = 10_000;
const { REDIS_URL = '', INFERQ_DEV_TOKEN = '' } = process.env;

setTimeout(() => end(`Redis (REDIS_URL) has not answered within ${WITHIN_MS / 1000} s`), WITHIN_MS);
try {
  await saveDevelopmentToken(REDIS_URL, INFERQ_DEV_TOKEN);
  process.exit();
} catch (error) {
  end(`The development token could not be saved: ${error instanceof Error ? error.message : String(error)}`);
}

function end(fault: string): never {
  process.stderr.write(`${fault}\n`);
  process.exit(1);
}
