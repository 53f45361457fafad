/** Whether the labels of an object are those that are looked for. */
export type LabelSelector = (labels: Readonly<Record<string, string>>) => boolean;

const LONGEST = 2000;
const NAME = String.raw`(?:[A-Za-z0-9.-]{1,253}/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?`;
const VALUE = '[A-Za-z0-9._-]{0,63}';
const END = String.raw`\s*(?:,|$)`;

/** One requirement each, with what follows it; `in` and `notin` before the others, whose names they could be. */
const GRAMMAR: readonly [RegExp, (match: RegExpExecArray) => LabelSelector][] = [
  [
    new RegExp(String.raw`\s*(${NAME})\s+(in|notin)\s*\(([^()]*)\)${END}`, 'y'),
    ([, key = '', operator, list = '']) => {
      const values = valuesOf(list);
      // Whoever lacks the label is not among the values.
      return (labels) => values.has(own(labels, key)) === (operator === 'in');
    },
  ],
  [
    new RegExp(String.raw`\s*(${NAME})\s*(==|=|!=)\s*(${VALUE})${END}`, 'y'),
    ([, key = '', operator, value]) =>
      (labels) =>
        (own(labels, key) === value) === (operator !== '!='),
  ],
  [
    new RegExp(String.raw`\s*(!?)\s*(${NAME})${END}`, 'y'),
    ([, not, key = '']) =>
      (labels) =>
        (own(labels, key) === undefined) === (not === '!'),
  ],
];

/**
 * Reads a label selector as Kubernetes documents it: `=`, `==`, `!=`, `in`, `notin`, a label that exists, `!` one that
 * does not, all joined by commas. An empty one takes everything. Undefined where it is none.
 */
export function parseLabelSelector(text: string): LabelSelector | undefined {
  if (text.trim() === '') return () => true;
  if (text.length > LONGEST) return undefined;
  const requirements: LabelSelector[] = [];
  let at = 0;
  while (at < text.length) {
    const found = requirementAt(text, at);
    if (!found) return undefined;
    requirements.push(found.requirement);
    at = found.end;
  }
  if (text.trimEnd().endsWith(',')) return undefined;
  return (labels) => requirements.every((requirement) => requirement(labels));
}

function requirementAt(text: string, at: number): { requirement: LabelSelector; end: number } | undefined {
  for (const [pattern, build] of GRAMMAR) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match && isList(match[3] ?? '')) return { requirement: build(match), end: pattern.lastIndex };
  }
  return undefined;
}

function isList(text: string): boolean {
  return text.split(',').every((value) => new RegExp(`^${VALUE}$`).test(value.trim()));
}

function valuesOf(list: string): Set<string | undefined> {
  return new Set(list.split(',').map((value) => value.trim()));
}

function own(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
