import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { Job, JobRequest, Priority } from '../../shared/job.ts';
import { describeNext } from '../conclusion.ts';
import { usage } from '../failure.ts';
import { readBytes } from '../input-bytes.ts';
import { readInput } from '../input.ts';
import { toJson } from '../output.ts';
import type { Session } from '../session.ts';
import { submitJob } from '../submission.ts';
import { waitForJob } from '../wait.ts';
import { collect, count, label, seconds, waitSeconds } from './option-values.ts';

interface SubmitOptions extends Pick<
  JobRequest,
  'priority' | 'ttl' | 'delay' | 'timeout' | 'cache' | 'metadata'
> {
  input?: string[];
  wait?: number | true;
  stream?: boolean;
  webhook?: string;
  idempotencyKey?: string;
  model?: string;
  output?: string;
  inFlight: number;
}

// The names come from the types, so that a value that the broker learns or forgets shows up here.
const PRIORITIES = { high: 0, normal: 1, low: 2 } satisfies Record<Priority, number>;
const CACHE_MODES = { use: 0, refresh: 1, bypass: 2 } satisfies Record<
  NonNullable<JobRequest['cache']>,
  number
>;

const EXAMPLES = `
Input:
  -i key=value     one field: a JSON number, true, false, object or array as such, anything else as text
  -i key=@path     the content of a file: as text when it is valid UTF-8, in base64 otherwise
  -i key:=json     one field as JSON whatever it looks like (null, a quoted number)
  -i key:=@path    one field from a JSON file
  -i @file.json    the whole input from a file;  -i -  from the standard input
  -i '{"a": 1}'    the whole input

Examples:
  $ npx inferq submit language-id -i text="Guten Morgen" --wait
  $ npx inferq submit ocr -i image=@invoice.png --wait 60 --metadata order=42
  $ npx inferq submit moby -i prompt="Call me" -i max_tokens=200 --stream
  $ jq .request input.json | npx inferq submit language-id@1 -i - --json
  $ id=$(npx inferq submit language-id -i text=@letter.txt)

A file that ends in .jsonl or .ndjson has a job a line, as POST /jobs takes it; with --model a line is an input:
  $ npx inferq submit jobs.jsonl -o results.jsonl
  $ npx inferq submit texts.jsonl --model language-id --in-flight 100 > results.jsonl
Results come in the order of the lines. After Ctrl-C or a crash the same command goes on where it stopped: what is
done stands in jobs.jsonl.inferq, and a job that was submitted is found again by its idempotency key for 24 hours.

Exit: 0 fine, 1 the job did not succeed or was refused, 2 usage, 3 no broker there, 4 --wait ran out.`;

export function addSubmit(program: Command, open: () => Session): void {
  program
    .command('submit')
    .summary('Hands a job to a model.')
    .description('Hands a job to a model. Prints its id; with --wait or --stream, what the model gave.')
    .argument('<model>', 'its name, or name@version; or FILE.jsonl')
    .option('-i, --input <input>', 'key=value, key=@path, key:=json, @file.json or - (repeatable)', collect)
    .option('-w, --wait [seconds]', 'wait for the end and print the output', waitSeconds)
    .option('--stream', 'wait, and print the output as it comes')
    .addOption(new Option('--priority <priority>', 'in the queue').choices(Object.keys(PRIORITIES)))
    .option('--ttl <seconds>', 'how long it may wait to start', seconds)
    .option('--delay <seconds>', 'not to start before then', seconds)
    .option('--timeout <seconds>', 'of one call of the model', seconds)
    .addOption(new Option('--cache <mode>', 'use of remembered results').choices(Object.keys(CACHE_MODES)))
    .option('-m, --metadata <key=value>', 'a label to list it by (repeatable)', label)
    .option('--webhook <url>', 'told how it ended')
    .option('--idempotency-key <key>', 'the same key never makes a second job (default: a random one)')
    .option('--model <model>', 'of a file: every line is an input for this model')
    .option('-o, --output <file>', 'of a file: where the results go')
    .option('--in-flight <count>', 'of a file: how many jobs are under way at once', count, 50)
    .addHelpText('after', EXAMPLES)
    .action(async (model: string, options: SubmitOptions) =>
      /\.(jsonl|ndjson)$/.test(model) ? submitFile(open(), model, options) : submit(open(), model, options),
    );
}

async function submit(session: Session, model: string, options: SubmitOptions): Promise<void> {
  const { input = [], wait, stream, idempotencyKey = randomUUID(), ...others } = options;
  const { model: ofFile, output, inFlight: _inFlight, ...request } = others;
  if (ofFile !== undefined || output !== undefined)
    throw usage('--model and --output go with a file of jobs');
  if (session.json && stream === true) throw usage('--stream and --json do not go together');
  const job = await submitJob(session, {
    request: { model, ...request },
    input: await readInput(input, readBytes),
    idempotencyKey,
  });
  if (wait === undefined && stream !== true) return tell(session, job);
  await waitForJob(session, job, { seconds: typeof wait === 'number' ? wait : undefined, stream });
}

async function submitFile(session: Session, path: string, options: SubmitOptions): Promise<void> {
  const { input, wait, stream, idempotencyKey, model, output, inFlight, ...defaults } = options;
  if ([input, wait, stream, idempotencyKey].some((option) => option !== undefined))
    throw usage('A file of jobs takes neither --input nor --wait, --stream or --idempotency-key');
  if (output !== undefined && resolve(output) === resolve(path))
    throw usage('--output is the file of the jobs');
  const { runBatch } = await import('../batch/run-batch.ts');
  await runBatch(session, { path, model, defaults, output, inFlight });
}

function tell({ json, stdout, stderr }: Session, job: Job): void {
  stdout.write(json ? `${toJson(job)}\n` : `${job.id}\n`);
  if (!json) stderr.write(`${stderr.colors.dim(describeNext(job))}\n`);
}
