import type { ProtocolName } from '../../shared/model.ts';
import { json } from './json.ts';
import { openInferenceV2 } from './open-inference-v2.ts';
import { openaiCompletions } from './openai-completions.ts';
import type { Protocol } from './protocol.ts';

const protocols = {
  'open-inference-v2': openInferenceV2,
  'openai-completions': openaiCompletions,
  json,
} satisfies Record<ProtocolName, Protocol>;

/** The protocol that a model's spec names. A new one is a file here, a line above and a name in `PROTOCOLS`. */
export function protocolOf(name: ProtocolName): Protocol {
  return protocols[name];
}
