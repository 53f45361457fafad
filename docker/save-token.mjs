// Makes the token in INFERQ_DEV_TOKEN an admin's, and says how to use it.
import { announcement } from '../dist/cli/local/announcement.js';

const { INFERQ_DEV_TOKEN = '', ANNOUNCED_URL = 'http://127.0.0.1:8080' } = process.env;

// What is imported ends the process itself.
process.on('exit', (code) => {
  if (code === 0) process.stdout.write(announcement(ANNOUNCED_URL, INFERQ_DEV_TOKEN));
});
await import('../dist/cli/local/save-token.js');
