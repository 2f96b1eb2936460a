import assert from 'node:assert/strict';
import { waitFor } from './harness.ts';

/** A small HTTP client for tests: JSON in, status and JSON out. Never throws for a status. */
export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

export type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

/** Calls below `/api/v1` of a server with a token. */
export function clientOf(url: string, token: string): Call {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
}

/** A request that creates a VPS, changed as the test needs. */
export const newVps = (changes: Record<string, unknown> = {}) => ({
  name: 'web-1',
  image: 'debian-12',
  datacenter: 'fsn1',
  resource_profile: 'nano_shared',
  auth_method: 'password',
  password: 'correct horse battery',
  ...changes,
});

/** A request that creates a database, changed as the test needs. */
export const newDatabase = (changes: Record<string, unknown> = {}) => ({
  name: 'shop',
  provider: 'postgresql',
  version: '17',
  database_name: 'shop',
  datacenter: 'fsn1',
  resource_profile: 'micro',
  ...changes,
});

/** A request that creates a cache, changed as the test needs. */
export const newCache = (changes: Record<string, unknown> = {}) => ({
  name: 'sessions',
  provider: 'valkey',
  datacenter: 'fsn1',
  resource_profile: 'micro',
  ...changes,
});

/** Takes a snapshot of an instance, and waits until it is ready; returns its id. */
export async function takeSnapshot(
  call: Call,
  kind: 'vps' | 'database' | 'cache',
  instanceId: string,
  name = 'kept',
): Promise<number> {
  const taken = await call('POST', `/snapshots/${kind}`, { [`${kind}_instance_id`]: instanceId, name });
  assert.equal(taken.status, 201, JSON.stringify(taken.body));
  const { id } = taken.body.snapshot;
  await waitFor('the snapshot to be ready', async () => {
    const { status, error } = (await call('GET', `/snapshots/${kind}/${id}`)).body.snapshot;
    assert.notEqual(status, 'failed', JSON.stringify(error));
    return status === 'ready';
  });
  return id;
}
