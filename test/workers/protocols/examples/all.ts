import type { ProtocolName } from '../../../../shared/model.ts';
import { example as cog } from './cog.ts';
import type { Example } from './example.ts';
import { example as json } from './json.ts';
import { example as kserveV1 } from './kserve-v1.ts';
import { example as mlflow } from './mlflow.ts';
import { example as openInferenceV2 } from './open-inference-v2.ts';
import { example as openaiChat } from './openai-chat.ts';
import { example as openaiCompletions } from './openai-completions.ts';
import { example as openaiEmbeddings } from './openai-embeddings.ts';
import { example as textEmbeddings } from './text-embeddings.ts';
import { example as textGeneration } from './text-generation.ts';
import { example as torchserve } from './torchserve.ts';

/** One for each protocol: the compiler asks for it. */
export const EXAMPLES: Record<ProtocolName, Example> = {
  json,
  'open-inference-v2': openInferenceV2,
  'kserve-v1': kserveV1,
  'openai-chat': openaiChat,
  'openai-completions': openaiCompletions,
  'openai-embeddings': openaiEmbeddings,
  'text-generation': textGeneration,
  'text-embeddings': textEmbeddings,
  mlflow,
  torchserve,
  cog,
};
