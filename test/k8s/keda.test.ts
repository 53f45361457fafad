import path from 'node:path';
import test from 'ava';
import { answerScaling } from '../../shared/observe/scaling-pages.ts';
import type { ScalingNumbers } from '../../shared/scaling/scaling-reader.ts';
import { environmentOf } from '../support/k8s/environment.ts';
import { renderKustomization } from '../support/k8s/kustomize.ts';
import { at, listAt, ofKind, textAt, titleOf } from '../support/k8s/manifest.ts';
import { modelsOf } from '../support/k8s/models.ts';

const objects = await renderKustomization(path.join(import.meta.dirname, '../../k8s/overlays/keda'));
const api = objects.find((object) => titleOf(object) === 'Deployment/api') ?? {};

test('what KEDA asks for is answered by the second listener with the field that it reads', async (t) => {
  const numbers: ScalingNumbers = { outstanding_jobs: 7, desired_workers: 2, oldest_wait_seconds: 1 };
  const served = new Map(modelsOf(api, objects).map(({ name }) => [name, numbers]));
  const triggers = ofKind(objects, 'ScaledObject').flatMap((scaler) => listAt(scaler, 'spec', 'triggers'));
  t.true(triggers.length >= 4);
  for (const trigger of triggers) {
    const url = new URL(textAt(trigger, 'metadata', 'url'));
    t.is(url.host, `api.inferq.svc:${environmentOf(api, objects)['METRICS_PORT'] ?? ''}`);
    const answer = await answerScaling(url.pathname, async () => served);
    t.is(answer?.status, 200, url.href);
    const field = textAt(trigger, 'metadata', 'valueLocation');
    t.is(typeof at(answer?.body, field), 'number', `${url.href} ${field}`);
  }
});
