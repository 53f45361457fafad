import test from 'ava';
import { describeExit, startMember } from '../../shared/processes/role-member.ts';

test('a process that the system refuses to start is one that has ended, and says why', async (t) => {
  const { execPath } = process;
  t.teardown(() => Object.assign(process, { execPath }));
  Object.assign(process, { execPath: '/nowhere/node' });
  const member = startMember({}, () => undefined);
  await member.started;
  t.is(member.ready, undefined);
  t.regex(describeExit(await member.exited), /ENOENT/);
});
