import { readFileSync } from 'node:fs';
import test from 'ava';
import { identify } from '../../examples/models/language-id.ts';

const TRAINED = phrases(new URL('../../examples/models/phrases.txt', import.meta.url));
const HELD_OUT = phrases(new URL('short-phrases.txt', import.meta.url));

/** Lines of `de: Guten Tag | Vielen Dank | …`. */
function phrases(file: URL): Map<string, string[]> {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return new Map(lines.map((line) => [line.slice(0, 2), line.slice(4).split(' | ')]));
}

const plain = (phrase: string) => phrase.toLowerCase().replaceAll(/[^\p{L}\p{M} ]/gu, '');

test("the contract's example is German, though the model has never seen it", (t) => {
  t.false(TRAINED.get('de')?.map(plain).includes('guten morgen'));
  const { language, confidence } = identify('Guten Morgen');
  t.is(language, 'de');
  t.true(confidence >= 0.95, String(confidence));
});

test('each language has eight short phrases that are not in the text the model is made from', (t) => {
  t.deepEqual([...HELD_OUT.keys()].sort(), [...TRAINED.keys()].sort());
  for (const [language, held] of HELD_OUT) {
    t.is(held.length, 8, language);
    const seen = new Set(TRAINED.get(language)?.map(plain));
    t.deepEqual(
      held.filter((phrase) => seen.has(plain(phrase))),
      [],
    );
  }
});

test('of short phrases, nine in ten are recognised, and where it is sure, 97 in 100', (t) => {
  const answers = [...HELD_OUT].flatMap(([language, held]) =>
    held.map((phrase) => ({ language, phrase, answer: identify(phrase) })),
  );
  const wrong = answers.filter(({ language, answer }) => answer.language !== language);
  const sure = answers.filter(({ answer }) => answer.confidence >= 0.9);
  const surelyWrong = wrong.filter(({ answer }) => answer.confidence >= 0.9);
  t.log(`${percent(1 - wrong.length / answers.length)} of ${answers.length} phrases are right`);
  t.log(`${percent(1 - surelyWrong.length / sure.length)} of the ${sure.length} with a confidence of 0.9`);
  for (const { language, phrase, answer } of wrong) t.log(`${language}: ${phrase} → ${answer.language}`);
  t.true(wrong.length <= answers.length * 0.1);
  t.true(surelyWrong.length <= sure.length * 0.03);
});

test('no language is left behind: of eight phrases, it has at least five', (t) => {
  for (const [language, held] of HELD_OUT) {
    const right = held.filter((phrase) => identify(phrase).language === language);
    t.true(right.length >= 5, `${language}: ${right.join(' | ')}`);
  }
});

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
