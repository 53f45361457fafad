const MOST = 64;

/** What a role may be told: how many processes do its work on this machine. Undefined where it is no such number. */
export function processCount(text: string): number | undefined {
  const count = Number(text);
  return /^\d+$/.test(text) && count >= 1 && count <= MOST ? count : undefined;
}

export function processCountFault(name: string, text: string): string {
  return `${name} is '${text}': it must be a whole number from 1 to ${MOST}.`;
}
