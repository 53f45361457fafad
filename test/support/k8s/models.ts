import { parseModelFile } from '../../../shared/models/model-file.ts';
import type { ModelSpec } from '../../../shared/model.ts';
import { referencesOf } from './generated.ts';
import { listAt, mapAt, nameOf, ofKind, podOf, textAt, type Manifest } from './manifest.ts';

/** The models in the ConfigMaps that a workload mounts as its model files. */
export function modelsOf(workload: Manifest, objects: readonly Manifest[]): ModelSpec[] {
  const volume = listAt(podOf(workload), 'volumes').find((each) => textAt(each, 'name') === 'models');
  const names = referencesOf({ volume }).map(({ name }) => name);
  return ofKind(objects, 'ConfigMap')
    .filter((object) => names.includes(nameOf(object)))
    .flatMap((object) => Object.entries(mapAt(object, 'data')))
    .flatMap(([file, text]) => parseModelFile(String(text), file, {}));
}
