import type { Client } from './client.ts';
import { usage } from './failure.ts';
import { isRecord } from './json.ts';
import { modelPath } from './model.ts';

/** An input that the model's own schema gives: its first example, or its default. */
export async function exampleInput(client: Client, name: string): Promise<string> {
  const { body } = await client.call({ path: modelPath(name), about: { model: name } });
  const schema = isRecord(body) && isRecord(body['input_schema']) ? body['input_schema'] : {};
  const { examples, default: fallback } = schema;
  const example: unknown = Array.isArray(examples) ? examples[0] : fallback;
  if (example !== undefined) return JSON.stringify(example);
  throw usage(
    `The input_schema of ${name} has no example`,
    `Say what to send: npx inferq models test ${name} key=value`,
    `npx inferq models get ${name}  shows the schema`,
  );
}
