const EXAMPLE = { model: 'language-id', input: { text: 'Guten Morgen, wie geht es Ihnen?' } };

/** What a person reads once the broker accepts requests. Scripts wait for the first line. */
export function announcement(url: string, token: string): string {
  const curl = [
    `curl -s '${url}/jobs'`,
    `-H 'Authorization: Bearer ${token}'`,
    `-H 'Content-Type: application/json'`,
    `-H 'Prefer: wait=10'`,
    `-d '${JSON.stringify(EXAMPLE)}'`,
  ].join(' ');
  return `inferq ready ${url}

Token: ${token}
Try:   ${curl}
Docs:  ${url}/docs
Ctrl-C stops it.
`;
}
