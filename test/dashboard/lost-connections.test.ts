import { startTcpProxy } from '../chaos/tcp-proxy.ts';
import { jsonModel, startTestBroker, TOKEN } from '../support/broker.ts';
import { openPage, withBrowser } from '../support/browser.ts';
import { startScriptedModel } from '../support/scripted-model.ts';
import { until } from '../support/until.ts';

withBrowser(
  "a job's page whose connections fell silent makes new ones, and shows what it missed",
  async (t) => {
    const go = Promise.withResolvers<void>();
    const model = await startScriptedModel(async (_call, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('event: chunk\ndata: "Call "\n\n');
      await go.promise;
      response.end('event: chunk\ndata: "me"\n\nevent: output\ndata: "Call me"\n\n');
    });
    t.teardown(model.stop);
    const broker = await startTestBroker(t, { models: [jsonModel('moby', model.url)] });
    const proxy = await startTcpProxy(t, Number(new URL(broker.url).port));
    const job = await broker.submit({ model: 'moby', input: 1 });

    const { page } = await openPage(t, 'about:blank');
    await page.clock.install();
    await page.goto(`http://127.0.0.1:${proxy.port}/dashboard/jobs/${job.id}#token=${TOKEN}`);
    await page.locator('.events .kind.output').first().waitFor();
    proxy.swallow();
    go.resolve();
    await until(async () => (await broker.job(job.id)).status === 'succeeded');

    await until(async () => {
      await page.clock.fastForward(45_000);
      const done = page.locator('.events .kind.done').waitFor({ timeout: 5000 });
      return done.then(
        () => true,
        () => false,
      );
    });
    t.is(await page.locator('.events .kind.output').count(), 2);
  },
);
