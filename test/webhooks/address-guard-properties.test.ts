import test from 'ava';
import * as fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { createAddressGuard } from '../../shared/webhooks/address-guard.ts';

const guard = createAddressGuard({ allow: [] });

/** Written out, not taken from the code under test: the special-purpose blocks of IANA that lead inside. */
const INTERNAL_BLOCKS = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
].map((block) => ipaddr.IPv4.parseCIDR(block));

const internalAddress = fc
  .tuple(fc.constantFrom(...INTERNAL_BLOCKS), fc.nat({ max: 0xff_ff_ff_ff }))
  .map(([[base, bits], random]) => {
    const hostBits = 2 ** (32 - bits);
    return Math.floor(toNumber(base) / hostBits) * hostBits + (random % hostBits);
  });

const anyAddress = fc.nat({ max: 0xff_ff_ff_ff });

type Notation = (address: number) => string;
const radix = fc.constantFrom<Notation>(
  (part) => String(part),
  (part) => `0x${part.toString(16)}`,
  (part) => `0X${part.toString(16).toUpperCase()}`,
  (part) => `0${part.toString(8)}`,
  (part) => `000${part.toString(8)}`,
);

/** As inet_aton reads it: one to four parts, the last one filling what is left, each in its own radix. */
const atonNotation = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.tuple(radix, radix, radix, radix), fc.boolean())
  .map(([count, radices, dot]): Notation => (address) => {
    const octets = [24, 16, 8].slice(0, count - 1).map((shift) => (address >>> shift) & 0xff);
    const rest = address % 2 ** (8 * (5 - count));
    const parts = [...octets, rest].map((part, index) => radices[index]?.(part));
    return `${parts.join('.')}${dot ? '.' : ''}`;
  });

const disguise = fc.constantFrom<(host: string) => string>(
  (host) => host,
  (host) => host.replace(/\d/g, (digit) => `%3${digit}`),
  (host) => host.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  (host) => host.replaceAll('.', '。'),
);

const embedding = fc.constantFrom<Notation>(
  (address) => `::ffff:${dotted(address)}`,
  (address) => `0:0:0:0:0:FFFF:${groups(address)}`,
  (address) => `64:ff9b::${groups(address)}`,
  (address) => `64:ff9b:1::${groups(address)}`,
  (address) => `::${dotted(address)}`,
  (address) => `::ffff:0:${dotted(address)}`,
  (address) => `2002:${groups(address)}::1`,
);

test('an internal IPv4 address is refused in every notation that a URL takes', (t) => {
  fc.assert(
    fc.property(internalAddress, atonNotation, disguise, (address, notation, hide) => {
      const url = `https://${hide(notation(address))}/`;
      return URL.canParse(url) && guard.checkUrl(url) !== undefined;
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

test('an internal IPv4 address is refused inside every IPv6 prefix that carries one', (t) => {
  fc.assert(
    fc.property(internalAddress, embedding, (address, embed) => {
      const host = embed(address);
      return guard.checkUrl(`https://[${host}]/`) !== undefined && !guard.allowsAddress(host, 'a.example');
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

test('URL and connection are judged alike', (t) => {
  fc.assert(
    fc.property(anyAddress, (address) => {
      const taken = guard.checkUrl(`https://${address}/`) === undefined;
      return taken === guard.allowsAddress(dotted(address), 'a.example');
    }),
    { numRuns: 5000 },
  );
  t.pass();
});

test('most of IPv4 is public', (t) => {
  const sample = fc.sample(fc.noBias(anyAddress), { numRuns: 2000, seed: 1 });
  const allowed = sample.filter((address) => guard.allowsAddress(dotted(address), 'a.example'));
  t.true(allowed.length > 0.8 * sample.length, `${allowed.length} of ${sample.length}`);
});

test('no string makes the check throw', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl()), (text) => {
      const refusal = guard.checkUrl(text);
      return refusal === undefined || refusal.startsWith('The webhook URL');
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

function toNumber(address: ipaddr.IPv4): number {
  return address.octets.reduce((number, octet) => number * 256 + octet, 0);
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

function groups(address: number): string {
  return `${(address >>> 16).toString(16)}:${(address & 0xff_ff).toString(16)}`;
}
