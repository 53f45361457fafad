import { createServer } from 'node:http';
import express from 'express';
import { serve } from '../child.ts';

/** Express with nothing to do: a constant of 1 KB as JSON. */
const app = express();
const constant = { id: 'job', status: 'succeeded', output: { text: 'x'.repeat(1000) } };
app.get('/jobs/:id', (_request, response) => void response.json(constant));
serve(createServer(app));
