import {
  checked,
  checkPorts,
  readInteger,
  readRoleConfig,
  type Environment,
  type RoleConfig,
} from '../../shared/config.ts';
import { readScalingGoals, type ScalingGoals } from '../../shared/scaling/scaling-goals.ts';

export interface AdapterConfig extends RoleConfig {
  port: number;
  certFile: string;
  keyFile: string;
  trust: { file: string; names: string[] } | { cluster: string | undefined };
  scaling: ScalingGoals;
}

/** Throws a ConfigError with all faults. */
export function readAdapterConfig(env: Environment): AdapterConfig {
  const faults: string[] = [];
  const config = {
    ...readRoleConfig(env, faults),
    port: readInteger(env, 'PORT', 8443, [0, 65_535], faults),
    certFile: readFileName(env, 'INFERQ_TLS_CERT', faults),
    keyFile: readFileName(env, 'INFERQ_TLS_KEY', faults),
    trust: readTrust(env, faults),
    scaling: readScalingGoals(env, faults),
  };
  checkPorts(config, faults);
  return checked(config, faults);
}

function readFileName(env: Environment, name: string, faults: string[]): string {
  const file = env[name] ?? '';
  if (file === '') faults.push(`${name} is not set: the adapter serves TLS alone. Set it to a file in PEM.`);
  return file;
}

function readTrust(env: Environment, faults: string[]): AdapterConfig['trust'] {
  const { INFERQ_FRONT_PROXY_CA: file, INFERQ_FRONT_PROXY_NAMES: names, INFERQ_KUBECONFIG: kubeconfig } = env;
  if (file && kubeconfig)
    faults.push('INFERQ_FRONT_PROXY_CA and INFERQ_KUBECONFIG are both set: the CA comes from one of them.');
  if (names && !file)
    faults.push(
      'INFERQ_FRONT_PROXY_NAMES is set without INFERQ_FRONT_PROXY_CA: a cluster tells the names itself.',
    );
  if (!file) return { cluster: kubeconfig || undefined };
  return { file, names: (names ?? '').split(',').flatMap((name) => name.trim() || []) };
}
