import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import express, { type Router } from 'express';
import { contentSecurityPolicy } from 'helmet';
import { InferqError } from '../../shared/errors.ts';

/** This file is `api/dashboard/page.ts` in a clone, and `dist/api/dashboard/page.js` once built. */
const DIST = join(import.meta.dirname, '../..', extname(import.meta.filename) === '.ts' ? 'dist' : '');
const FOLDER = join(DIST, 'dashboard');

/** Its own files, and the API it comes from: nothing inline, nothing from elsewhere, no frame around it. */
const POLICY = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    fontSrc: ["'self'"],
    imgSrc: ["'self'", 'data:', 'blob:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
};

/** The dashboard as Vite has built it. Every path under it that is no file is the page, which reads the path itself. */
export function createDashboard(folder: string = FOLDER): Router {
  const router = express.Router();
  // The names of these have a hash of what is in them.
  const assets = express.static(join(folder, 'assets'), { index: false, immutable: true, maxAge: '1y' });
  router.use('/dashboard', contentSecurityPolicy(POLICY));
  router.use('/dashboard/assets', assets, () => {
    throw new InferqError('not_found', 'The dashboard has no such file.');
  });
  router.get(['/dashboard', '/dashboard/{*path}'], (_request, response) => {
    const page = join(folder, 'index.html');
    if (!existsSync(page))
      throw new InferqError(
        'not_found',
        'The dashboard is not built here: npm run build:dashboard makes it.',
      );
    response.setHeader('cache-control', 'no-cache');
    response.sendFile(page);
  });
  return router;
}
