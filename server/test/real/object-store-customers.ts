import { randomBytes } from 'node:crypto';
import { request } from 'node:https';
import { S3ServiceException } from '@aws-sdk/client-s3';
import { AwsClient } from 'aws4fetch';
import * as undici from 'undici';
import { createSecretBox } from '../../src/lib/crypto.ts';
import { type Call, clientOf } from '../client.ts';
import { createTeam, startTestApp, type TestApp, type TestTeam } from '../harness.ts';
import { makeAccessKey } from '../object-storage.ts';
import { slice } from '../slice.ts';
import type { StoreWorld } from './object-store.ts';

/** What access keys of the API have: an id and a secret. */
export interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
}

const FIRST_TEAM = slice.firstTeam + 730;

/** A request that the SDK does not send. */
export interface Wanted {
  method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** With the query. */
  path: string;
  body?: string;
  service?: 's3' | 'iam';
  headers?: Record<string, string>;
}

export interface S3Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Two teams of an API on the object store of the test file. */
export class StoreCustomers {
  readonly world: StoreWorld;
  test!: TestApp;
  /** The first team. */
  team!: TestTeam;
  call!: Call;
  others!: Call;
  #signer: AwsClient | null = null;

  constructor(world: StoreWorld) {
    this.world = world;
  }

  /** `still`: reconcilers that do not run. */
  async open(still: readonly string[] = []): Promise<void> {
    const secretKey = randomBytes(32);
    // The test file closes the store.
    this.test = await startTestApp({
      secretKey,
      objects: { ...this.world.store, close: async () => {} },
      // It would take away keys that have expired, before the store is seen to refuse them.
      still: ['access-keys', ...still],
    });
    // The authority that has signed the certificate of the endpoint, as in an install.
    const { certificate, key } = this.world.authority;
    const { database } = this.test;
    await database.pool.query('delete from certificate_authorities');
    const sealed = createSecretBox(secretKey).seal(key);
    await database.pool.query(
      'insert into certificate_authorities (certificate, key_sealed) values ($1, $2)',
      [certificate, sealed],
    );
    // The store is shared with suites that have databases, and so numbers of teams, of their own.
    await database.pool.query(`alter table teams alter column id restart with ${FIRST_TEAM}`);
    this.team = await createTeam(database);
    this.call = clientOf(this.test.app.url!, this.team.token);
    this.others = clientOf(this.test.app.url!, (await createTeam(database)).token);
  }

  close(): Promise<void> | undefined {
    return this.test?.close();
  }

  /** Sends a request as it is, which keys have signed. */
  async signed(
    { accessKeyId, secretAccessKey }: Keys,
    { method = 'GET', path, body, service = 's3', headers = {} }: Wanted,
  ): Promise<S3Answer> {
    const { url, region } = this.world.store.access;
    const signer = new AwsClient({ accessKeyId, secretAccessKey, service, region });
    const form = service === 'iam' ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
    const signed = await signer.sign(`${url}${path}`, {
      method,
      headers: { ...form, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    return this.send({
      method,
      path,
      ...(body === undefined ? {} : { body }),
      headers: Object.fromEntries(signed.headers),
    });
  }

  /** Writes an object over a connection that stays open, which takes less of this process than the SDK. */
  async put({ accessKeyId, secretAccessKey }: Keys, path: string, body: string): Promise<void> {
    const { dispatcher, store } = this.world;
    const url = `${store.access.url}${path}`;
    this.#signer ??= new AwsClient({
      accessKeyId,
      secretAccessKey,
      service: 's3',
      region: store.access.region,
    });
    const { headers } = await this.#signer.sign(url, { method: 'PUT', body });
    const answer = await undici.request(url, {
      method: 'PUT',
      headers: Object.fromEntries(headers),
      body,
      dispatcher,
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${text}`);
  }

  /** Sends a request as it is, signed or not, with any path and host. */
  send({ method = 'GET', path, body, headers = {} }: Wanted): Promise<S3Answer> {
    const { authority, port } = this.world;
    const options = { host: '127.0.0.1', port, servername: 'localhost', ca: authority.certificate };
    return new Promise((resolve, reject) => {
      const sent = request({ ...options, method, path, headers, agent: false }, async (answer) => {
        try {
          const text = Buffer.concat(await answer.toArray()).toString();
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
        } catch (error) {
          reject(error as Error);
        }
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** A key of the first team, and its id in the API. The anonymous one has none. */
  async key(changes: object): Promise<Keys & { id: string }> {
    const { key, credentials } = await makeAccessKey(this.call, changes);
    return { ...credentials, id: key.id };
  }
}

/** The same of an answer without the SDK. */
export const codeOf = ({ status, body }: S3Answer): string =>
  status < 400
    ? 'ok'
    : (/<Code>(\w+)<\/Code>/.exec(body)?.[1] ?? /"Code":\s*"(\w+)"/.exec(body)?.[1] ?? String(status));

/** `ok`, or the code with which S3 refused. Where S3 says a status without a code, as to HEAD, the status. */
export async function outcomeOf(asked: Promise<unknown>): Promise<string> {
  try {
    await asked;
    return 'ok';
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    return /^Unknown(Error)?$/.test(error.name) ? String(error.$metadata.httpStatusCode) : error.name;
  }
}
