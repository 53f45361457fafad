// Whether the role of this container lives: its second listener answers.
const { METRICS_PORT = '9464' } = process.env;
const answer = await fetch(`http://127.0.0.1:${METRICS_PORT}/healthz`, { signal: AbortSignal.timeout(2000) });
process.exit(answer.ok ? 0 : 1);
