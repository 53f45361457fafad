import type { ReadinessReport } from '../observe/readiness.ts';

/** By process; undefined where it does not answer. */
type Reports = readonly (readonly [process: number, report: ReadinessReport | undefined])[];

/** Ready where as many are as there should be. One of those speaks for them all; each that is not says why. */
export function joinReadiness(reports: Reports, wanted: number): ReadinessReport {
  const ready = reports.filter(([, report]) => report?.ready);
  const failing = reports.flatMap(([process, report]) => (report?.ready ? [] : [faultOf(process, report)]));
  return {
    ready: ready.length === wanted,
    checks: {
      ...(ready[0] ?? reports[0])?.[1]?.checks,
      processes: `${ready.length} of ${wanted} are ready`,
      ...Object.fromEntries(failing),
    },
    warnings: [...new Set(reports.flatMap(([, report]) => report?.warnings ?? []))],
  };
}

function faultOf(process: number, report: ReadinessReport | undefined): [string, string] {
  const checks = Object.entries(report?.checks ?? {}).map(([name, says]) => `${name}: ${says}`);
  return [`process ${process}`, report ? checks.join('; ') : 'does not answer'];
}

export function isReadiness(value: unknown): value is ReadinessReport {
  return typeof value === 'object' && value !== null && 'ready' in value && 'checks' in value;
}
