import { isScalar, parseAllDocuments, visit } from 'yaml';

/** What YAML 1.1, which Kubernetes reads, takes for a boolean, an octal number or a time, and YAML 1.2 does not. */
const WORDS = /^(y|yes|n|no|on|off|[+-]?0[0-7]+|0o[0-7]+|[+-]?\d+(:[0-5]?\d)+)$/i;

export function yamlWordFaults(text: string): string[] {
  const faults: string[] = [];
  for (const document of parseAllDocuments(text)) {
    visit(document, {
      Scalar(_key, node) {
        if (isScalar(node) && node.type === 'PLAIN' && WORDS.test(node.source ?? ''))
          faults.push(`${node.source ?? ''} means another thing in YAML 1.1: put it in quotes`);
      },
    });
  }
  return faults;
}
