import test from 'ava';
import { nginxIsThere } from './nginx.ts';

if (!nginxIsThere)
  process.stderr.write('No nginx here, and no Debian to fetch it from: its tests are skipped.\n');

/** For tests that need an nginx. */
export const withNginx = nginxIsThere ? test : test.skip;
