import path from 'node:path';
import test from 'ava';
import { renderKustomization } from '../support/k8s/kustomize.ts';
import { kindOf, nameOf, textAt, titleOf } from '../support/k8s/manifest.ts';
import { relocate } from '../support/k8s/relocate.ts';

const OVERLAYS = path.join(import.meta.dirname, '../../k8s/overlays');

test('an overlay that is moved leaves nothing where it was, and takes no name that others may have', async (t) => {
  for (const overlay of ['dev', 'production', 'multi-cluster', 'keda']) {
    const objects = await renderKustomization(path.join(OVERLAYS, overlay));
    const moved = relocate(objects, 'elsewhere');
    t.is(moved.length, objects.length);
    for (const object of moved) {
      const space = textAt(object, 'metadata', 'namespace');
      if (space !== 'elsewhere' && kindOf(object) !== 'APIService')
        t.true(nameOf(object).includes('elsewhere'), titleOf(object));
      t.notRegex(
        JSON.stringify(object),
        /"(?:namespace|kubernetes.io.metadata.name)":"inferq"|\.inferq\.svc|account:inferq:|"inferq\//,
      );
    }
  }
});

test('what names something that was renamed names it still', async (t) => {
  const moved = relocate(await renderKustomization(path.join(OVERLAYS, 'production')), 'elsewhere');
  const has = (kind: string, name: string): boolean =>
    moved.some((object) => kindOf(object) === kind && nameOf(object) === name);
  for (const object of moved) {
    if (kindOf(object).endsWith('RoleBinding') && textAt(object, 'roleRef', 'name').includes('inferq'))
      t.true(has(textAt(object, 'roleRef', 'kind'), textAt(object, 'roleRef', 'name')), titleOf(object));
    const priority = textAt(object, 'spec', 'template', 'spec', 'priorityClassName');
    if (priority !== '') t.true(has('PriorityClass', priority), titleOf(object));
    const policy = textAt(object, 'spec', 'policyName');
    if (policy !== '') t.true(has('ValidatingAdmissionPolicy', policy), titleOf(object));
  }
});
