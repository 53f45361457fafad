import test from 'ava';
import { syntaxFault } from '../../shared/models/expression.ts';
import { checkSpec, checkTogether, ModelFileError, parseModelFile } from '../../shared/models/model-file.ts';

const MODEL = 'name: m\nprotocol: json\nendpoints: [{url: "http://10.0.0.7/predict"}]';

function parse(model: string, env: Record<string, string> = {}) {
  return parseModelFile(`models:\n  - ${model.replaceAll('\n', '\n    ')}\n`, 'models.yaml', env);
}

test('three lines make a model, the rest has defaults', (t) => {
  t.like(parse(MODEL)[0], {
    version: '1',
    endpoints: [{ url: 'http://10.0.0.7/predict', weight: 1, priority: 0 }],
    cache: { ttl: 3600, scope: 'tenant' },
    timeout: 30,
    retry: { attempts: 3, backoff: 1 },
    concurrency: 16,
    queue: { max_depth: 100_000, max_depth_per_tenant: 10_000 },
    access: { tenants: ['*'] },
    retention: 86_400,
  });
});

const FAULTS: [string, string, RegExp][] = [
  [
    'a name that is no name',
    MODEL.replace('name: m', 'name: "A B"'),
    /at \/models\/0\/name: must match pattern/,
  ],
  [
    'a protocol that nobody speaks',
    MODEL.replace('json', 'telepathy'),
    /at \/models\/0\/protocol: must be one of/,
  ],
  [
    'no endpoint',
    MODEL.replace(/endpoints.*/, 'endpoints: []'),
    /at \/models\/0\/endpoints: must NOT have fewer/,
  ],
  ['an endpoint that is no http url', MODEL.replace('http:', 'ftp:'), /at \/models\/0\/endpoints\/0\/url/],
  ['a field that is not known', `${MODEL}\ncolour: red`, /at \/models\/0\/colour: is not a known property/],
  ['a schema that is none', `${MODEL}\ninput_schema: {type: strange}`, /at \/models\/0\/input_schema: /],
  [
    'a pattern that needs backtracking',
    `${MODEL}\ninput_schema: {pattern: "(a)\\\\1"}`,
    /at \/models\/0\/input_schema/,
  ],
  [
    'a transform that does not parse',
    `${MODEL}\npreprocess: "a["`,
    /at \/models\/0\/preprocess: Expected "\]"/,
  ],
  ['a variable that is not set', MODEL.replace('10.0.0.7', '${NOWHERE}'), /the variable NOWHERE is not set/],
  ['YAML that does not parse', `${MODEL}\n  - ]`, /models\.yaml: /],
];

for (const [title, model, message] of FAULTS) {
  test(`${title} is refused with its place`, (t) => {
    t.throws(() => parse(model), { instanceOf: ModelFileError, message });
  });
}

test('a model alone in its file needs no list, and its faults no place in one', (t) => {
  t.like(parseModelFile(MODEL, 'm.yaml', {}), [{ name: 'm', timeout: 30 }]);
  const broken = MODEL.replace('10.0.0.7', '${NOWHERE}');
  t.throws(() => parseModelFile(`${broken}\ntimeout: 0`, 'm.yaml', {}), {
    message: /m\.yaml at \/endpoints\/0\/url: .*NOWHERE.*\nm\.yaml at \/timeout: must be > 0/,
  });
});

test('every fault of a file is told at once', (t) => {
  const text = `models:
  - {name: "A B", protocol: telepathy, endpoints: [{url: "ftp://x"}], timeout: 0}
  - {name: m, protocol: json, endpoints: [{url: "http://x"}], preprocess: "a[", input_schema: {type: strange}}
  - {name: n, protocol: json, endpoints: [{url: "\${NOWHERE}/x"}]}`;
  const error = t.throws(() => parseModelFile(text, 'models.yaml', {}), { instanceOf: ModelFileError });
  t.deepEqual(error?.faults.map(({ pointer }) => pointer).sort(), [
    '/models/0/endpoints/0/url',
    '/models/0/name',
    '/models/0/protocol',
    '/models/0/timeout',
    '/models/1/input_schema',
    '/models/1/preprocess',
    '/models/2/endpoints/0/url',
  ]);
});

test('a misspelt field is told with the one that may be meant', (t) => {
  t.throws(() => parse(`${MODEL}\ntimeuot: 3`), {
    message: /timeuot: is not a known property: did you mean 'timeout'\?$/,
  });
  t.throws(() => parse(`${MODEL}\nqueue: {max_dept: 3}`), { message: /did you mean 'max_depth'\?$/ });
  t.throws(() => parse(`${MODEL}\ncolour: red`), { message: /is not a known property$/ });
});

test('a list without models is a file that has none, where it is written', (t) => {
  t.deepEqual(parseModelFile('models: []', 'models.yaml', {}), []);
  for (const text of ['models:', '{}', '[]'])
    t.throws(() => parseModelFile(text, 'models.yaml', {}), { instanceOf: ModelFileError }, text);
});

test('an empty file and broken YAML are told in whole sentences', (t) => {
  for (const text of ['', '# nothing\n'])
    t.throws(() => parseModelFile(text, 'models.yaml', {}), {
      message: 'models.yaml: is empty: list models under `models`',
    });
  t.throws(() => parseModelFile('models: [a: b: c', 'models.yaml', {}), {
    message: /^models\.yaml: .*column \d+$/m,
  });
  t.throws(() => parseModelFile('models: {}', 'models.yaml', {}), {
    message: 'models.yaml at /models: must be array',
  });
});

test('variables of the environment are put into urls and headers of endpoints, and nowhere else', (t) => {
  const text = `name: m\nprotocol: json\ndescription: "\${KEY}"\nendpoints: [{url: "\${URL}/x", headers: {authorization: "Bearer \${KEY}"}}]`;
  t.like(parse(text, { URL: 'http://h', KEY: 's3cret' })[0], {
    description: '${KEY}',
    endpoints: [{ url: 'http://h/x', headers: { authorization: 'Bearer s3cret' } }],
  });
});

function faultsOfHeaders(headers: Record<string, string>): string[] {
  const spec = {
    name: 'm',
    protocol: 'json',
    endpoints: [{ url: 'http://x' }, { url: 'http://y', headers }],
  };
  return checkSpec(spec).map(({ pointer, detail }) => `${pointer} ${detail}`);
}

test('a header that cannot be sent, or that every call has of its own, is refused with its place', (t) => {
  const own = ['content-length', 'Transfer-Encoding', 'expect', 'connection', 'upgrade', 'keep-alive', 'TE'];
  const told = ['Idempotency-Key', 'x-inferq-attempt', 'traceparent'];
  for (const name of ['', 'bad header', 'a:', 'ä', 'a/b', ...own, ...told]) {
    const pointer = `/endpoints/1/headers/${name.replace('/', '~1')} `;
    const [fault, ...more] = faultsOfHeaders({ [name]: 'x' });
    t.true(fault?.startsWith(pointer), `${name}: ${fault}`);
    t.deepEqual(more, []);
  }
  for (const value of ['a s3cret\nb', 's3cret\0', 's3cret→']) {
    const [fault] = faultsOfHeaders({ 'x-key': value });
    t.regex(fault ?? '', /^\/endpoints\/1\/headers\/x-key /);
    t.notRegex(fault ?? '', /s3cret/);
  }
  const usual = { Authorization: 'Bearer a', 'x_key!': '', accept: '*/*', host: 'h', 'content-type': 'a/b' };
  t.deepEqual(faultsOfHeaders(usual), []);
  t.deepEqual(faultsOfHeaders({ 'x-name': 'caf\u00e9\t1' }), []);
});

test('the same model twice is refused, two versions of one are not', (t) => {
  const [one] = parse(MODEL);
  const [two] = parse(`${MODEL}\nversion: "2"`);
  t.truthy(one && two);
  if (!one || !two) return;
  t.deepEqual(checkTogether([one, two]), []);
  t.like(checkTogether([one, two, one])[0], { detail: 'm@1 is defined twice' });
});

test('a fault of a transform is named with its place', (t) => {
  t.is(syntaxFault('outputs[name="language"].{"language": data[0]}'), undefined);
  t.is(syntaxFault('a['), 'Expected "]" before end of expression, at character 2.');
  t.is(syntaxFault('a b'), 'Syntax error: "b", at character 3 ("b").');
  t.regex(syntaxFault('/(/') ?? '', /regular expression/);
  t.regex(syntaxFault('') ?? '', /Unexpected end/);
  t.is(syntaxFault('('.repeat(60_000)), 'The expression is nested too deeply.');
});

function together(...fallbacks: [name: string, fallback?: string][]) {
  const models = fallbacks.flatMap(([name, fallback]) =>
    parse(MODEL.replace('name: m', `name: ${name}`) + (fallback ? `\nfallback: ${fallback}` : '')),
  );
  return checkTogether(models);
}

test('a fallback that there is not, or that leads round in a circle, is refused with its place', (t) => {
  t.deepEqual(together(['a', 'b'], ['b', 'c@1'], ['c']), []);
  t.deepEqual(together(['a'], ['b', 'z']), [
    { pointer: '/models/1/fallback', detail: 'b@1 falls back to z, which there is not' },
  ]);
  t.like(together(['a', 'b@2'], ['b'])[0], { detail: 'a@1 falls back to b@2, which there is not' });
  t.like(together(['a', 'a'])[0], { detail: 'a@1 falls back to itself: a@1, a@1' });
  t.deepEqual(
    together(['a', 'b'], ['b', 'c'], ['c', 'b']).map(({ pointer, detail }) => [pointer, detail]),
    [
      ['/models/1/fallback', 'b@1 falls back to itself: b@1, c@1, b@1'],
      ['/models/2/fallback', 'c@1 falls back to itself: c@1, b@1, c@1'],
    ],
  );
});
