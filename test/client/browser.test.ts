import { createServer } from 'node:http';
import { once } from 'node:events';
import path from 'node:path';
import { build } from 'vite';
import { jsonModel, startTestBroker, TOKEN } from '../support/broker.ts';
import { openPage, withBrowser } from '../support/browser.ts';
import { startScriptedModel } from '../support/scripted-model.ts';
import { ROOT } from '../docs/document.ts';

withBrowser('a page of another origin runs a job and follows it, with a bundle of the client', async (t) => {
  const model = await startScriptedModel((_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(
      'event: chunk\ndata: "one "\n\nevent: chunk\ndata: "two"\n\nevent: output\ndata: {"words": 2}\n\n',
    );
  });
  t.teardown(model.stop);
  const files: Record<string, [string, string]> = {
    '/': ['text/html', '<!doctype html><title>A page</title>'],
    '/inferq.js': ['text/javascript', await bundle()],
  };
  const server = createServer(({ url = '' }, response) => {
    const [type, text] = files[url] ?? ['text/plain', ''];
    response.writeHead(200, { 'content-type': type }).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const origin = `http://127.0.0.1:${Object(server.address()).port}`;
  const broker = await startTestBroker(t, {
    models: [jsonModel('words', model.url)],
    env: { INFERQ_CORS_ORIGINS: origin },
  });
  const { page, complaints } = await openPage(t, `${origin}/`);
  const told = await page.evaluate(`(async () => {
    const { createClient, verifyWebhook, ApiError } = await import('/inferq.js');
    const client = createClient({ url: ${JSON.stringify(broker.url)}, token: ${JSON.stringify(TOKEN)} });
    const { output } = await client.run({ model: 'words', input: 1 });
    const { id } = await client.submit({ model: 'words', input: 2 });
    let text = '';
    for await (const event of client.stream(id)) text += event.type === 'output' ? event.chunk : '';
    const refused = await client.submit({ model: 'none', input: 3 }).catch((error) => error);
    return { output, text, refused: refused instanceof ApiError && refused.code, verifies: typeof verifyWebhook };
  })()`);
  t.deepEqual(told, {
    output: { words: 2 },
    text: 'one two',
    refused: 'model_not_found',
    verifies: 'function',
  });
  // The browser itself tells of the refused submission.
  t.deepEqual(
    complaints.filter((text) => !text.includes('404')),
    [],
  );
});

/** As whoever builds a page with it would; what needs Node would be refused here. */
async function bundle(): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      lib: { entry: path.join(ROOT, 'client/src/index.ts'), formats: ['es'], fileName: 'inferq' },
    },
  });
  const [first] = Array.isArray(built) ? built : [built];
  const output = first && 'output' in first ? first.output : [];
  return output.map((part) => (part.type === 'chunk' ? part.code : '')).join('\n');
}
