import test from 'ava';
import { compileSchema } from '../../shared/json-schema.ts';

test('a schema whose check would answer later is refused: nobody would wait for what it says', (t) => {
  t.throws(() => compileSchema({ $async: true, required: ['text'] }), { message: /\$async/ });
  const late = { $id: 'urn:late', $async: true, type: 'object', properties: { text: { $ref: '#' } } };
  t.throws(() => compileSchema({ $defs: { late }, $ref: 'urn:late' }));
  t.is(compileSchema({ required: ['text'] })({}).length, 1);
});
