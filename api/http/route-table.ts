import type { Route } from './route.ts';

/** A route, and what the path has for its parameters. */
export interface FoundRoute {
  route: Route;
  parameters: Readonly<Record<string, string>>;
}

/** The same whether it is taken for encoded or for decoded. */
const PLAIN = /^[A-Za-z0-9._~-]+$/;

/**
 * Finds the route of a request that is spelled as the list of routes spells it; Express would look at one after the
 * other, each with a regular expression. What is spelled otherwise (capitals, a slash at the end, escapes, HEAD) is not
 * found here, and Express may still find it.
 */
export function createRouteTable(
  routes: readonly Route[],
): (method: string, target: string) => FoundRoute | undefined {
  const table = new Map<string, { route: Route; segments: string[] }[]>();
  for (const route of routes) {
    const segments = route.path.split('/');
    const key = keyOf(route.method.toUpperCase(), segments);
    // In the order of the list, as Express goes through it.
    table.set(key, [...(table.get(key) ?? []), { route, segments }]);
  }

  function find(method: string, path: string): FoundRoute | undefined {
    const given = path.split('/');
    for (const { route, segments } of table.get(keyOf(method, given)) ?? []) {
      const parameters = match(segments, given);
      if (parameters) return { route, parameters };
    }
    return undefined;
  }

  const fixed = Map.groupBy(
    routes.filter(({ path }) => !path.includes('{')),
    ({ method }) => method.toUpperCase(),
  );
  const known = new Map(
    [...fixed].map(([method, those]) => [
      method,
      new Map(those.map(({ path }) => [path, find(method, path)])),
    ]),
  );
  return (method, target) => {
    const end = target.indexOf('?');
    const path = end < 0 ? target : target.slice(0, end);
    return known.get(method)?.get(path) ?? find(method, path);
  };
}

/** The first segment is never a parameter: it and the number of segments leave a few routes to be told apart. */
function keyOf(method: string, segments: readonly string[]): string {
  return `${method} ${segments.length} ${segments[1]}`;
}

function match(segments: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (let at = 1; at < segments.length; at++) {
    const [segment = '', text = ''] = [segments[at], given[at]];
    if (!segment.startsWith('{')) {
      if (segment !== text) return undefined;
    } else if (PLAIN.test(text)) parameters[segment.slice(1, -1)] = text;
    else return undefined;
  }
  return parameters;
}
