import { startModelServer } from './server.ts';

const { HOST = '127.0.0.1', PORT = '9001', TOKEN_DELAY_MS = '15' } = process.env;

const server = await startModelServer({
  host: HOST,
  port: Number(PORT),
  tokenDelayMs: Number(TOKEN_DELAY_MS),
});

/** As a child it lets go of its parent too, for the channel between them would keep it alive. */
async function stop(): Promise<void> {
  await server.stop();
  if (process.connected) process.disconnect?.();
}

process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
process.once('disconnect', () => void stop());

if (process.connected) process.send?.({ type: 'ready', url: server.url });
else process.stdout.write(`demo models ready ${server.url}\n`);
