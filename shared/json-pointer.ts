/** The step to a member of that name in a JSON Pointer (RFC 6901, section 4), with its slash. */
export function pointerStep(name: string | number): string {
  return `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
