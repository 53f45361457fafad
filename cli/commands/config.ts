import type { Command } from 'commander';
import { EXIT } from '../exit-code.ts';
import { Failure, usage } from '../failure.ts';
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
    const { source, faults } = thrown;
    const title = faults.length === 1 ? 'One thing is wrong' : `${faults.length} things are wrong`;
    throw new Failure(EXIT.refused, {
      type: 'urn:inferq:cli:config',
      title,
      detail: source,
      errors: [...faults],
    });
  }
}

function summaryOf(models: readonly string[]): string {
  return models.length === 0 ? 'no models' : `${models.length} served: ${models.join(', ')}`;
}
