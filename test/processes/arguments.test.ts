import { execFile } from 'node:child_process';
import path from 'node:path';
import test from 'ava';

const ROOT = path.join(import.meta.dirname, '../..');

for (const role of ['api', 'workers']) {
  for (const text of ['0', '-1', 'x', '1000', '1.5'])
    test(`${role}/ refuses --processes ${text} with one line that says what is valid`, async (t) => {
      const { code, said } = await run(role, ['--processes', text]);
      t.is(said, `--processes is '${text}': it must be a whole number from 1 to 64.\n`);
      t.is(code, 1);
    });

  test(`${role}/ in several processes tells what is wrong once`, async (t) => {
    const { code, said } = await run(role, ['--processes', '4'], { LOG_LEVEL: 'loud' });
    t.is(said.match(/LOG_LEVEL/g)?.length, 1, said);
    t.is(said.match(/REDIS_URL/g)?.length, 1, said);
    t.is(said.match(/INFERQ_MODELS/g)?.length, 1, said);
    t.is(said.trim().split('\n').length, 3, said);
    t.is(code, 1);
  });
}

test('a wrong INFERQ_PROCESSES is told with all that is wrong', async (t) => {
  const { said } = await run('api', [], { INFERQ_PROCESSES: 'many' });
  t.regex(said, /^INFERQ_PROCESSES is 'many': it must be a whole number from 1 to 64\.$/m);
  t.regex(said, /REDIS_URL is not set/);
});

test('an option that there is not is refused', async (t) => {
  const { code, said } = await run('api', ['--process', '4']);
  t.is(said, 'There is no option --process, only --processes and --help.\n');
  t.is(code, 1);
});

function run(role: string, args: string[], env = {}): Promise<{ code: unknown; said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(ROOT, role, 'index.ts'), ...args], { env }, (error, _out, said) =>
      resolve({ code: error?.code ?? 0, said }),
    );
  });
}
