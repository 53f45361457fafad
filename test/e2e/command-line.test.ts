import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { runInferq } from '../cli/inferq-process.ts';
import { jsonModel, startTestBroker, TOKEN } from '../support/broker.ts';
import { answer, startScriptedModel } from '../support/scripted-model.ts';

test('the command line takes a job from its submission to its output at a real broker', async (t) => {
  const model = await startScriptedModel(async (call, response) => {
    if (Object(call.body).text === 'bad') return answer(response, { error: 'I cannot read this' }, 400);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const part of ['one ', 'two ']) {
      response.write(
        `event: progress\ndata: {"progress":0.5,"message":"halfway"}\n\nevent: chunk\ndata: "${part}"\n\n`,
      );
      await sleep(150);
    }
    response.end('event: output\ndata: {"words":2}\n\n');
  });
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('words', model.url)] });
  const options = { broker, env: { INFERQ_TOKEN: TOKEN } };
  const inferq = (...args: string[]) => runInferq(t, args, options);

  const submitted = await inferq('submit', 'words', '-i', 'text=hello', '--wait');
  t.is(submitted.code, 0, submitted.stderr);
  t.deepEqual(JSON.parse(submitted.stdout), { words: 2 });
  t.regex(submitted.stderr, /50% · halfway/);
  t.deepEqual(model.calls[0]?.body, { text: 'hello' });

  const streamed = await inferq('submit', 'words', '-i', 'text=again', '--stream');
  t.is(streamed.stdout.trim(), 'one two');

  const kept = await inferq('submit', 'words', '-i', 'text=later');
  const id = kept.stdout.trim();
  t.regex(id, /^job_[0-9a-z]{32}$/);
  const watched = await inferq('jobs', 'watch', id);
  t.is(watched.code, 0, watched.stderr);
  const got = await inferq('--json', 'jobs', 'get', id);
  t.like(JSON.parse(got.stdout), { id, status: 'succeeded' });

  const failed = await inferq('submit', 'words', '-i', 'text=bad', '--wait');
  t.is(failed.code, 1);
  t.regex(failed.stderr, /I cannot read this/);
  t.regex((await inferq('jobs', 'ls')).stdout, /failed/);
  t.regex((await inferq('models', 'ls')).stdout, /words@1 +json/);

  t.is((await inferq('submit', 'nope', '-i', 'a=1')).code, 1);
  t.is((await inferq('submit', 'words', '-i', 'no pair')).code, 2);
  const nowhere = { broker: { url: 'http://127.0.0.1:9' } };
  t.is((await runInferq(t, ['jobs', 'ls'], nowhere)).code, 3);
});

test('the command line adds a model, tries it, pauses it, runs what failed again and removes it', async (t) => {
  let status = 400;
  const model = await startScriptedModel((call, response) =>
    answer(response, status === 200 ? call.body : { error: 'not now' }, status),
  );
  t.teardown(model.stop);
  const broker = await startTestBroker(t, { models: [jsonModel('other', model.url)] });
  const inferq = (args: string[], input?: string) =>
    runInferq(t, args, { broker, env: { INFERQ_TOKEN: TOKEN }, ...(input === undefined ? {} : { input }) });
  const spec = jsonModel('m', model.url, { input_schema: { examples: [{ text: 'hello' }] } });

  const added = await inferq(['models', 'add', '-'], JSON.stringify({ models: [spec] }));
  t.is(added.stdout, 'm@1 added\n', added.stderr);
  t.is((await inferq(['models', 'add', '-'], JSON.stringify(spec))).stdout, 'm@1 replaced\n');
  const refused = await inferq(['models', 'add', '-'], JSON.stringify({ ...spec, timeuot: 3 }));
  t.is(refused.code, 1);
  t.regex(refused.stderr, /did you mean 'timeout'/);

  t.is((await inferq(['models', 'test', 'm'])).code, 1);
  status = 200;
  t.is((await inferq(['models', 'redrive', 'm'])).stdout, '1\n');
  t.deepEqual(JSON.parse((await inferq(['models', 'test', 'm'])).stdout), { text: 'hello' });

  t.regex((await inferq(['models', 'pause', 'm'])).stdout, /^m is paused/);
  t.regex((await inferq(['models', 'ls'])).stdout, /^m@1 \(paused\) +json .* 100 %$/m);
  t.regex((await inferq(['models', 'resume', 'm'])).stdout, /^m goes on/);
  t.is((await inferq(['models', 'rm', 'm'])).code, 0);
  t.is((await inferq(['models', 'show', 'm'])).code, 1);
  t.regex((await inferq(['models', 'rm', 'other'])).stderr, /defined in a model file/);
});
