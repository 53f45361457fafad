import test from 'ava';
import { parseLabelSelector } from '../../api/metrics-adapter/label-selector.ts';

const taken = (selector: string): string[] =>
  ['a', 'b', 'c'].filter((model) => parseLabelSelector(selector)?.({ model }));

test('a selector takes what the documentation of Kubernetes says', (t) => {
  const examples: [string, string[]][] = [
    ['', ['a', 'b', 'c']],
    ['model=a', ['a']],
    ['model==a', ['a']],
    [' model = a ', ['a']],
    ['model!=a', ['b', 'c']],
    ['model in (a,b)', ['a', 'b']],
    ['model in(a, c )', ['a', 'c']],
    ['model notin (a)', ['b', 'c']],
    ['model', ['a', 'b', 'c']],
    ['!model', []],
    ['model,model!=b,model notin (c)', ['a']],
    ['model=', []],
    ['pool=x', []],
    ['pool!=x', ['a', 'b', 'c']],
    ['pool notin (x)', ['a', 'b', 'c']],
    ['!pool', ['a', 'b', 'c']],
    ['inferq.dev/pool in (x)', []],
    ['constructor', []],
    ['in=a', []],
    ['in in (a)', []],
  ];
  for (const [selector, expected] of examples) t.deepEqual(taken(selector), expected, selector);
});

test('what is no selector is refused', (t) => {
  for (const text of [
    '=a',
    'model=a b',
    'model in',
    'model in (a',
    'model===a',
    ',',
    'model,',
    ',model',
    'model in (a!)',
    'model>1',
    '!',
    'mo del',
    'x'.repeat(3000),
  ])
    t.is(parseLabelSelector(text), undefined, text);
});
