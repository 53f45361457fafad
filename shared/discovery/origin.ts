/** Of an address and a port; IPv6 in brackets. */
export function originAt(address: string, port: number): string {
  return new URL(`http://${address.includes(':') ? `[${address}]` : address}:${port}`).origin;
}
