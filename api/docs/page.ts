import { fileURLToPath } from 'node:url';
import express, { type Router } from 'express';
import { contentSecurityPolicy } from 'helmet';

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>inferq: API reference</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
    <link rel="icon" href="/docs/favicon-32x32.png" />
  </head>
  <body>
    <div id="reference"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  tryItOutEnabled: true,
  persistAuthorization: true,
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
});
`;

const FOLDER = fileURLToPath(new URL('.', import.meta.resolve('swagger-ui-dist/package.json')));
const ASSETS = new Set(['/swagger-ui.css', '/swagger-ui-bundle.js', '/favicon-32x32.png']);

/** The reference page, all of it from this machine. */
export function createDocs(document: object): Router {
  const router = express.Router();
  // Swagger UI sets styles on elements and has its icons inline.
  const policy = {
    directives: {
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      upgradeInsecureRequests: null,
    },
  };
  const assets = express.static(FOLDER, { index: false, maxAge: '1h' });
  router.get('/openapi.json', (_request, response) => void response.json(document));
  router.use('/docs', contentSecurityPolicy(policy));
  router.get('/docs', (_request, response) => void response.type('html').send(PAGE));
  router.get('/docs/start.js', (_request, response) => void response.type('js').send(START));
  router.use('/docs', (request, response, next) =>
    ASSETS.has(request.path) ? assets(request, response, next) : next(),
  );
  return router;
}
