/** One request outside of a measurement; answers the JSON. */
export async function send(
  url: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  return text ? JSON.parse(text) : {};
}
