import { glob, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import test from 'ava';
import { EXIT } from '../../cli/exit-code.ts';
import { createProgram } from '../../cli/program.ts';
import { parseModelFile } from '../../shared/models/model-file.ts';
import { namedRowsOf, readDocument, sectionOf } from './document.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const document = readDocument('docs/command-line.md');

test('the table has every command with what it says of itself, and no other', (t) => {
  const program = createProgram('0.0.0', () => {
    throw new Error('No command is run here');
  });
  const said = commandsOf(program, []).map(({ words, command }): [string, string] => [
    words.join(' '),
    command.description(),
  ]);
  const rows = [...namedRowsOf(document)].map(([name, cells]) => [name.replace(/ [<[].*$/, ''), cells[1]]);
  t.deepEqual(Object.fromEntries(rows), Object.fromEntries(said));
});

test('each command that the dashboard names is one', async (t) => {
  const program = createProgram('0.0.0', () => {
    throw new Error('No command is run here');
  });
  const known = commandsOf(program, []).map(({ words }) => words.join(' '));
  let found = 0;
  for await (const file of glob('dashboard/**/*.{ts,tsx}', { cwd: ROOT })) {
    if (file.includes('node_modules')) continue;
    const text = await readFile(path.join(ROOT, file), 'utf8');
    for (const [, named = ''] of text.matchAll(/npx inferq ([a-z]+(?: [a-z]+)?)/g)) {
      const fits = known.some((words) => words === named || words === named.split(' ')[0]);
      t.true(fits, `${file}: inferq ${named}`);
      found += 1;
    }
  }
  t.true(found > 5);
});

test('the examples of the help are of models that the demo has', (t) => {
  const file = 'examples/models/models.yaml';
  const models = parseModelFile(readDocument(file), file, { DEMO_MODELS_URL: 'http://127.0.0.1:9' });
  const names = models.map(({ name }) => name);
  const program = createProgram('0.0.0', () => {
    throw new Error('No command is run here');
  });
  let help = '';
  for (const { command } of commandsOf(program, []))
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  const named = [...help.matchAll(/\$.* inferq submit ([a-z-]+)(?:@\d+)? /g)].map(([, name = '']) => name);
  t.true(named.length > 4);
  t.deepEqual(
    named.filter((name) => !names.includes(name)),
    [],
  );
});

test('the table has every exit', (t) => {
  const section = sectionOf(document, '## For scripts');
  for (const code of Object.values(EXIT)) t.regex(section, new RegExp(`\\b${code}\\b`));
});

function commandsOf(
  command: Command,
  words: readonly string[],
): { words: readonly string[]; command: Command }[] {
  if (command.commands.length === 0) return [{ words, command }];
  return command.commands.flatMap((each) => commandsOf(each, [...words, each.name()]));
}
