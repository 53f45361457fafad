/** What is submitted, as a program would write it. The token is a variable: a snippet is passed on. */
export interface Submission {
  origin: string;
  body: unknown;
}

export function curlSnippet({ origin, body }: Submission): string {
  const json = JSON.stringify(body, null, 2).replaceAll("'", String.raw`'\''`);
  return [
    `curl '${origin}/jobs' \\`,
    `  -H "Authorization: Bearer $INFERQ_TOKEN" \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -H 'Prefer: wait=30' \\`,
    `  -d '${json}'`,
  ].join('\n');
}

export function typescriptSnippet({ origin, body }: Submission): string {
  return `const response = await fetch('${origin}/jobs', {
  method: 'POST',
  headers: {
    authorization: \`Bearer \${process.env.INFERQ_TOKEN}\`,
    'content-type': 'application/json',
    prefer: 'wait=30',
  },
  body: JSON.stringify(${indent(JSON.stringify(body, null, 2), 2)}),
});
const job = await response.json();
console.log(job.status, job.output);`;
}

export function pythonSnippet({ origin, body }: Submission): string {
  return `import json, os, urllib.request

request = urllib.request.Request(
    "${origin}/jobs",
    data=json.dumps(${indent(pythonLiteral(body, 0), 4)}).encode(),
    headers={
        "Authorization": f"Bearer {os.environ['INFERQ_TOKEN']}",
        "Content-Type": "application/json",
        "Prefer": "wait=30",
    },
)
with urllib.request.urlopen(request) as response:
    job = json.load(response)
print(job["status"], job["output"])`;
}

function pythonLiteral(value: unknown, depth: number): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value) ?? 'None';
  const [pad, end] = [' '.repeat(4 * (depth + 1)), ' '.repeat(4 * depth)];
  const items = Array.isArray(value)
    ? value.map((item) => pythonLiteral(item, depth + 1))
    : Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${pythonLiteral(item, depth + 1)}`);
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return items.length === 0
    ? open + close
    : `${open}\n${items.map((item) => `${pad}${item},\n`).join('')}${end}${close}`;
}

function indent(text: string, by: number): string {
  return text.replaceAll('\n', `\n${' '.repeat(by)}`);
}
