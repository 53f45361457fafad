// Whether the role of this container lives: its second listener answers.
const { METRICS_PORT = '9464' } = process.env;

try {
  const url = `http://127.0.0.1:${METRICS_PORT}/healthz`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
  process.exit(answer.ok ? 0 : 1);
} catch (error) {
  process.stderr.write(`The role does not answer: ${error.cause?.message ?? error.message}\n`);
  process.exit(1);
}
