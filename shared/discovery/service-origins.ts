import type { EndpointRule } from './endpoint-rule.ts';
import { originAt } from './origin.ts';
import type { EndpointSlice, Service } from './kube-objects.ts';

const PORT = 'inferq.dev/port';
const SERVICE_NAME = 'kubernetes.io/service-name';

/**
 * The ready pods of a Service; while none is ready, the Service's own address, so that the model stays and whatever
 * starts pods on a connection does so. Or why there are none.
 */
export function originsOfService(
  service: Service,
  slices: readonly EndpointSlice[],
  rule: EndpointRule,
): string[] | string {
  const port = portOf(service);
  if (typeof port === 'string') return port;
  const { namespace, name } = service.metadata ?? {};
  const own = slices.filter(
    ({ metadata, addressType }) =>
      metadata?.namespace === namespace &&
      metadata?.labels?.[SERVICE_NAME] === name &&
      addressType !== 'FQDN',
  );
  const addresses = own.flatMap((slice) => addressesIn(slice, port.name, rule));
  if (addresses.some(({ isAllowed }) => !isAllowed))
    return 'an endpoint is no pod of its namespace, or has an address that INFERQ_DISCOVERY_ALLOW does not list';
  const origins = addresses.map(({ address, port: target }) => originAt(address, target));
  return origins.length > 0 ? [...new Set(origins)].sort() : ownAddress(service, port.port, rule);
}

function ownAddress({ spec }: Service, port: number, rule: EndpointRule): string[] {
  const address = spec?.clusterIP ?? '';
  return rule.allowsAddress(address) ? [originAt(address, port)] : [];
}

function portOf({ metadata, spec }: Service): { name: string; port: number } | string {
  const ports = (spec?.ports ?? []).filter(({ protocol = 'TCP' }) => protocol === 'TCP');
  const wanted = metadata?.annotations?.[PORT];
  const found = ports.find(({ name, port }) => wanted === name || wanted === String(port));
  if (wanted !== undefined && !found) return `${PORT}: the Service has no port ${wanted.slice(0, 63)}`;
  const [first, ...others] = ports;
  const chosen = found ?? (others.length === 0 ? first : undefined);
  if (chosen?.port === undefined) return `${PORT}: must name one of the Service's ${ports.length} ports`;
  return { name: chosen.name ?? '', port: chosen.port };
}

interface SliceAddress {
  address: string;
  port: number;
  isAllowed: boolean;
}

/** Slices can be written by hand: who is no pod of the namespace needs the operator's word. */
function addressesIn(slice: EndpointSlice, portName: string, rule: EndpointRule): SliceAddress[] {
  const port = slice.ports?.find(({ name = '' }) => name === portName)?.port;
  if (port === undefined) return [];
  const ready = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
  return ready.flatMap(({ addresses = [], targetRef }) => {
    const isPod = targetRef?.kind === 'Pod' && targetRef.namespace === slice.metadata?.namespace;
    return addresses.map((address) => ({
      address,
      port,
      isAllowed: rule.isListed(address) || (isPod && rule.allowsAddress(address)),
    }));
  });
}
