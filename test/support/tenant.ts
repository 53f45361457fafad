import type { Answered, TestBroker } from './broker.ts';

export function putTenant(broker: TestBroker, id: string, settings: unknown): Promise<Answered> {
  return broker.request(`/tenants/${id}`, { method: 'PUT', json: settings });
}

export async function makeToken(
  broker: TestBroker,
  tenant: string,
  more: object = {},
): Promise<{ id: string; token: string }> {
  const json = { name: 'test', scopes: ['jobs:write', 'jobs:read', 'models:read'], ...more };
  const made = await broker.request(`/tenants/${tenant}/tokens`, { method: 'POST', json });
  const { id, token } = Object(made.body);
  if (made.status !== 201) throw new Error(made.text);
  return { id: String(id), token: String(token) };
}

export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` });
