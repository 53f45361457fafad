import type { Fault } from '../errors.ts';
import { pointerStep } from '../json-pointer.ts';
import type { ModelSpec } from '../model.ts';

/** As RFC 9110 has it, §5.1 and §5.5. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Of the message and its connection, which the worker makes. */
const OF_HTTP = [
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Each call has its own. */
const OF_CALL = ['idempotency-key', 'x-inferq-attempt', 'traceparent'];

/** Headers of endpoints with which no call could be made, and those that a spec would set in vain. */
export function checkHeaders({ endpoints }: ModelSpec): Fault[] {
  return endpoints.flatMap(({ headers = {} }, index) =>
    Object.entries(headers).flatMap(([name, value]) => {
      const detail = faultOf(name, value);
      return detail ? [{ pointer: `/endpoints/${index}/headers${pointerStep(name)}`, detail }] : [];
    }),
  );
}

/** Without the value, which may be a secret. */
function faultOf(name: string, value: string): string | undefined {
  if (!NAME.test(name)) return 'is not a name that a header can have';
  if (OF_HTTP.includes(name.toLowerCase())) return 'is set by the worker, which makes the connection';
  if (OF_CALL.includes(name.toLowerCase())) return 'is set by the worker, for each call';
  return VALUE.test(value) ? undefined : 'has a character that no header can have, such as a line break';
}
