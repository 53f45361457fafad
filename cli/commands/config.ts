import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { usage, wrongModels } from '../failure.ts';
import { toJson } from '../output.ts';
import type { Session } from '../session.ts';
import { plain } from '../terminal.ts';

export function addConfig(program: Command, open: () => Session): void {
  program
    .command('config')
    .description('Looks at configuration, without a broker.')
    .command('check <path>')
    .description('Checks a model file, or a folder of them, as a role would when it starts.')
    .action(async (path: string) => check(open(), path));
}

async function check({ env, json, stdout }: Session, path: string): Promise<void> {
  // What a role says of it names the variable that it has the path from.
  if (!existsSync(path)) throw usage(`There is no model file or folder at ${path}`);
  // They bring the schema compiler along, which no other command needs.
  const [{ createModelSource }, { ModelFileError, describeFaults }, { fullName }, { strangeKeywords }] =
    await Promise.all([
      import('../../shared/models/model-source.ts'),
      import('../../shared/models/model-file.ts'),
      import('../../shared/model.ts'),
      import('../../shared/models/schema-keywords.ts'),
    ]);
  try {
    const specs = await createModelSource(path, env).load();
    const models = specs.map(fullName);
    const doubts = specs.map((spec) => describeFaults(fullName(spec), strangeKeywords(spec)));
    const warnings = doubts.filter((text) => text !== '').flatMap((text) => text.split('\n'));
    if (json) return stdout.write(`${toJson({ ok: true, models, warnings })}\n`);
    for (const text of warnings) stdout.write(`${stdout.colors.yellow('!')} ${plain(text)}\n`);
    stdout.write(`${stdout.colors.green('✓')} ${summaryOf(models)}\n`);
  } catch (thrown) {
    if (!(thrown instanceof ModelFileError))
      throw usage(thrown instanceof Error ? thrown.message : String(thrown));
    throw wrongModels(thrown.source, thrown.faults);
  }
}

function summaryOf(models: readonly string[]): string {
  return models.length === 0 ? 'no models' : `${models.length} served: ${models.join(', ')}`;
}
