import type { ProtocolName } from '../../shared/model.ts';
import { cog } from './cog.ts';
import { json } from './json.ts';
import { kserveV1 } from './kserve-v1.ts';
import { mlflow } from './mlflow.ts';
import { openInferenceV2 } from './open-inference-v2.ts';
import { openaiChat } from './openai-chat.ts';
import { openaiCompletions } from './openai-completions.ts';
import { openaiEmbeddings } from './openai-embeddings.ts';
import type { Protocol } from './protocol.ts';
import { textEmbeddings } from './text-embeddings.ts';
import { textGeneration } from './text-generation.ts';
import { torchserve } from './torchserve.ts';

const protocols = {
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
} satisfies Record<ProtocolName, Protocol>;

/** The protocol that a model's spec names. A new one is a file here, a line above and a name in `PROTOCOLS`. */
export function protocolOf(name: ProtocolName): Protocol {
  return protocols[name];
}
