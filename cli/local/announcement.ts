const EXAMPLE = { model: 'language-id', input: { text: 'Guten Morgen, wie geht es Ihnen?' } };

/** What a person reads once the broker accepts requests. Scripts wait for the first line. */
export function announcement(url: string, token: string, ownModels?: string): string {
  const curl = ownModels ? listModels(url, token) : submitExample(url, token);
  return `inferq ready ${url}

${ownModels ? `Models: those of ${ownModels}\n` : ''}Open:  ${url}/dashboard#token=${token}
Token: ${token}
Try:   ${curl}
Docs:  ${url}/docs
Ctrl-C stops it.
`;
}

function listModels(url: string, token: string): string {
  return `curl -s -w '\\n' '${url}/models' -H 'Authorization: Bearer ${token}'`;
}

function submitExample(url: string, token: string): string {
  return [
    `curl -s -w '\\n' '${url}/jobs'`,
    `-H 'Authorization: Bearer ${token}'`,
    `-H 'Content-Type: application/json'`,
    `-H 'Prefer: wait=10'`,
    `-d '${JSON.stringify(EXAMPLE)}'`,
  ].join(' ');
}
