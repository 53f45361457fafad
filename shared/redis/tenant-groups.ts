type Arguments = (string | number)[];

/** The calls of one batch as a script gets them, those of a tenant behind each other, and where it answers each. */
export interface TenantGroups<Call> {
  /** For each tenant: what its calls have in common, how many they are, and what each has of its own. */
  args: Arguments;
  placeOf: (call: Call) => number;
}

export function groupByTenant<Call>(
  calls: readonly Call[],
  common: (call: Call) => Arguments,
  own: (call: Call) => Arguments,
): TenantGroups<Call> {
  const groups = [...Map.groupBy(calls, (call) => common(call).join('\0')).values()];
  const places = new Map(groups.flat().map((call, index) => [call, index]));
  return {
    args: groups.flatMap((group) => [
      ...group.slice(0, 1).flatMap(common),
      group.length,
      ...group.flatMap(own),
    ]),
    placeOf: (call) => places.get(call) ?? -1,
  };
}
