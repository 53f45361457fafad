import type { Server } from 'node:http';

/** What a floor may be told; each looks at its own. */
interface Configuration {
  redisUrl: string;
  endpoint: string;
  /** A worker tells who waits. */
  tells: boolean;
  concurrency: number;
}

/** What a program of the benchmark was told when it was started. */
export function configuration(): Configuration {
  return JSON.parse(process.argv[2] ?? '{}');
}

/** Says that the program is ready, and ends it with the benchmark. */
export function ready(url = ''): void {
  process.on('disconnect', () => process.exit(0));
  process.send?.({ ready: url });
}

/** Serves on a free port of this machine, and says so. */
export function serve(server: Server): void {
  server.keepAliveTimeout = 75_000;
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    ready(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`);
  });
}

/** Answers each question that comes over IPC. */
export function answer(reply: (question: unknown) => unknown): void {
  process.on('message', (question) => {
    void (async () => reply(question))().then(
      (value) => process.send?.(Object(value)),
      (error: unknown) => process.send?.({ fault: String(error) }),
    );
  });
}
