import { isObject, type JsonObject } from '../../shared/json-object.ts';
import { cutField, groupBy } from './batch.ts';
import { invalidInput, invalidOutput, isList, kindOf, messageIn, postOf } from './body.ts';
import type { BatchCodec, Protocol } from './protocol.ts';

const FORMS = ['dataframe_split', 'dataframe_records', 'inputs', 'instances'] as const;

/**
 * MLflow's scoring server, `POST /invocations`, version 2 and later
 * (https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/).
 *
 * Input: an object with exactly one of `dataframe_split`, `dataframe_records`, `inputs` and `instances`, and `params`
 * where the model takes some. Output: the whole answer, `{"predictions": …}`.
 */
export const mlflow: Protocol = {
  toRequest(input) {
    if (!isObject(input)) throw invalid('', `must be an object, but is ${kindOf(input)}`);
    const given = FORMS.filter((form) => input[form] !== undefined);
    if (given.length !== 1)
      throw invalid('', `must have one of ${FORMS.join(', ')}, but has ${given.join(' and ') || 'none'}`);
    const { dataframe_records: records, params } = input;
    if (records !== undefined && !isList(records))
      throw invalid('/dataframe_records', `must be a list, but is ${kindOf(records)}`);
    if (params !== undefined && !isObject(params))
      throw invalid('/params', `must be an object, but is ${kindOf(params)}`);
    return postOf(input);
  },
  toOutput(body) {
    if (isObject(body) && body['predictions'] !== undefined) return body;
    throw invalidOutput('The answer has no "predictions"; does the server run MLflow 2 or later?');
  },
  errorMessage: messageIn,
  batch: createBatch(),
};

/** The rows of an input, and all that has to be the same in another one for them to be rows of one table. */
interface Table {
  rows: unknown[];
  common: unknown[];
  /** The input with other rows. */
  withRows(rows: unknown[]): JsonObject;
}

function createBatch(): BatchCodec {
  return {
    groupOf(input) {
      const table = tableOf(input);
      return table && table.rows.length > 0 ? groupBy(...table.common) : undefined;
    },
    toRequest(inputs) {
      const rows = inputs.flatMap((input) => tableOf(input)?.rows ?? []);
      return postOf(tableOf(inputs[0])?.withRows(rows));
    },
    toOutputs(body, inputs) {
      const sizes = inputs.map((input) => tableOf(input)?.rows.length ?? 0);
      return cutField(body, 'predictions', sizes);
    },
  };
}

/** Undefined for what is no table of rows: tensors by name, and frames with an index of their own. */
function tableOf(input: unknown): Table | undefined {
  if (!isObject(input)) return undefined;
  const { params, dataframe_split: split } = input;
  if (isObject(split)) {
    const { data, columns, ...others } = split;
    if (!isList(data) || Object.keys(others).length > 0) return undefined;
    return {
      rows: data,
      common: ['dataframe_split', columns ?? null, params ?? null],
      withRows: (rows) => ({ ...input, dataframe_split: { ...split, data: rows } }),
    };
  }
  const form = FORMS.find((name) => isList(input[name]));
  const rows = form === undefined ? undefined : input[form];
  if (form === undefined || !isList(rows)) return undefined;
  return { rows, common: [form, params ?? null], withRows: (others) => ({ ...input, [form]: others }) };
}

function invalid(pointer: string, sentence: string): Error {
  return invalidInput('a scoring request', pointer, sentence);
}
