import assert from 'node:assert/strict';
import type { Credentials } from '../src/object-store/sim/client.ts';
import type { Answer, Call } from './client.ts';
import { ended } from './operation-subject.ts';

/** Creates a bucket and waits until it is active; returns it as the answer shows it. */
export async function makeBucket(call: Call, name: string, changes: object = {}) {
  const created = await call('POST', '/storage/buckets', { name, region: 'fsn1', ...changes });
  assert.equal((await succeeded(call, created)).status, 201);
  return created.body.bucket;
}

/** Creates an access key and waits until it works; returns the answer, and what S3 clients need of it. */
export async function makeAccessKey(call: Call, changes: object = {}) {
  const created = await call('POST', '/storage/access-keys', { name: 'test', ...changes });
  assert.equal((await succeeded(call, created)).status, 201);
  return { key: created.body, credentials: credentialsOf(created) };
}

export const credentialsOf = ({ body }: Answer): NonNullable<Credentials> => ({
  accessKeyId: body.access_key_id,
  secretAccessKey: body.secret_access_key,
});

/** Waits until the operation of an answer has succeeded; returns the answer. */
export async function succeeded(call: Call, answer: Answer): Promise<Answer> {
  const { state, error } = await ended(call, answer);
  assert.equal(state, 'succeeded', JSON.stringify(error));
  return answer;
}

/** Uploads an object through the API, in place of an S3 client. Returns the answer. */
export async function uploadObject(
  { url, token }: { url: string; token: string },
  bucket: string,
  query: { key: string; media_type?: string },
  body: string,
): Promise<Response> {
  const where = `${url}/api/v1/storage/buckets/${bucket}/objects/content?${new URLSearchParams(query)}`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' };
  const answer = await fetch(where, { method: 'PUT', headers, body });
  assert.equal(answer.status, 200, `${query.key}: ${answer.status}`);
  return answer;
}
