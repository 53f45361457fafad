import { usage } from './failure.ts';

/** The path of a tenant's resource. What is no name is refused before it becomes part of a path. */
export function tenantPath(tenant: string, rest = ''): string {
  if (!/^[\w][\w.-]*$/.test(tenant))
    throw usage(`"${tenant}" is not the name of a tenant`, 'npx inferq tenants ls  lists them');
  return `/tenants/${tenant}${rest}`;
}

/** A path of one's own tenant, or the same of another, for admins. */
export function pathIn(tenant: string | undefined, path: string): string {
  return tenant === undefined ? path : tenantPath(tenant, path);
}
