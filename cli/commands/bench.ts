import type { Command } from 'commander';
import { runBench, type BenchOptions } from '../bench.ts';
import type { Session } from '../session.ts';
import { collect, count } from './option-values.ts';

const TEXT = `
It submits the same input again and again, past the cache, and waits for each job at the broker, so many at once.
What it measures is what a client sees: latency from the submission to the answer with the result, over this
connection and at this load. Of each job the broker says itself how long it waited and ran. The first jobs count
as well; for a warm model run it twice.`;

export function addBench(program: Command, open: () => Session): void {
  program
    .command('bench <model>')
    .description('Puts load on a model: latencies, rate and errors as a client sees them.')
    .option('-n, --requests <count>', 'how many jobs', count, 200)
    .option('-c, --concurrency <count>', 'how many at once', count, 10)
    .option('-i, --input <input>', 'as with submit; by default the example of the schema', collect)
    .addHelpText('after', TEXT)
    .action(async (model: string, options: BenchOptions) => runBench(open(), model, options));
}
