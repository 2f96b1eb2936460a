import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, it } from 'node:test';

const ROOT = path.join(import.meta.dirname, '../..');
const SOURCE = path.join(ROOT, 'dashboard/src');

const READ_IN_LIST = 'The list has all of it already.';
const LAST_VALUE = 'The graphs end with it.';
const BY_LIST = 'The default endpoint is one of the list, where it is changed like the others.';

/** Operations that no page calls, each with the reason. */
const NOT_CALLED: Readonly<Record<string, string>> = {
  getSession: 'Says until when a proof counts; the dashboard asks for a new one when the server does.',
  getToken: READ_IN_LIST,
  getTeamMember: READ_IN_LIST,
  getSshKey: READ_IN_LIST,
  getParameterGroup: READ_IN_LIST,
  getVpsSnapshot: READ_IN_LIST,
  getDatabaseSnapshot: READ_IN_LIST,
  getCacheSnapshot: READ_IN_LIST,
  getAccessKey: READ_IN_LIST,
  getWebhookEndpoint: READ_IN_LIST,
  getWebhookDelivery: READ_IN_LIST,
  getOperatorAccount: READ_IN_LIST,
  getOperatorTeam: READ_IN_LIST,
  getOperation: READ_IN_LIST,
  countUnreadNotifications: 'The list of notifications says how many are unread.',
  listVpsImagesGrouped: 'The same images as the list that the form shows.',
  getVpsStatus: 'A part of what the page of a server reads.',
  getCacheConnectionInfo: 'The same as the credentials that the page of a cache shows.',
  getVpsMetrics: LAST_VALUE,
  listVpsMetrics: LAST_VALUE,
  getDatabaseMetrics: LAST_VALUE,
  listDatabaseMetrics: LAST_VALUE,
  getCacheMetrics: LAST_VALUE,
  listCacheMetrics: LAST_VALUE,
  getWebhookConfig: BY_LIST,
  updateWebhookConfig: BY_LIST,
  regenerateWebhookSecret: BY_LIST,
  streamEvents: 'api/live.ts reads it as it comes.',
  getBucketObject: 'Browsers save files from links: storage/objects/object-table.tsx.',
  putBucketObject: 'storage/objects/send.ts sends bytes, and tells how many have gone.',
};

/** Members of requests that no form has, each with the reason. */
const NOT_ASKED: Readonly<Record<string, string>> = {
  network_stack: 'Every server has both.',
  marketplace_app_id: 'Not available.',
  windows_license_key: 'Not available.',
  database_provider_id: 'The provider by its name is the same.',
  cache_provider_id: 'The provider by its name is the same.',
  source_type: 'A snapshot has one source.',
  encryption_kms_key_id: 'The store has no key service.',
  webhook_url: BY_LIST,
  webhook_enabled: BY_LIST,
};

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  description?: string;
}

interface Operation {
  operationId: string;
  requestBody?: { content: Record<string, { schema: Schema }> };
}

describe('the dashboard', () => {
  let source: string;
  let operations: { method: string; url: string; operation: Operation }[];
  let schemas: Record<string, Schema>;
  before(() => {
    const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' });
    source = files
      .filter((file) => /\.tsx?$/.test(file) && !/\.(test|gen)\.ts$/.test(file))
      .map((file) => readFileSync(path.join(SOURCE, file), 'utf8'))
      .join('\n');
    const document = JSON.parse(readFileSync(path.join(ROOT, 'openapi/v1.json'), 'utf8'));
    schemas = document.components.schemas;
    operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(([url, item]) =>
      Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), url, operation })),
    );
  });

  /** The functions whose first argument is the path of what they call. */
  const CALLERS: Readonly<Record<string, string>> = { POST: '|creationOf', GET: '|saveAnswer' };

  function isCalled(method: string, url: string): boolean {
    const written = url.replaceAll(/[{}]/g, '\\$&');
    return new RegExp(`(api\\s*\\.${method}${CALLERS[method] ?? ''})\\(\\s*'${written}'`).test(source);
  }

  it('calls every operation of the API, or says why it does not', () => {
    const missing = operations.filter(({ method, url }) => !isCalled(method, url));
    assert.deepEqual(
      missing.map(({ operation }) => operation.operationId).toSorted(),
      Object.keys(NOT_CALLED).toSorted(),
    );
  });

  it('has a field for every member of a request, or says why it has none', () => {
    const words = new Set(source.match(/\w+/g));
    const missing = operations.flatMap(({ operation }) => {
      const schema = operation.requestBody?.content['application/json']?.schema;
      const { properties = {} } = schema?.$ref ? schemas[schema.$ref.split('/').at(-1)!]! : (schema ?? {});
      return Object.entries(properties)
        .filter(
          ([name, { description }]) => !description?.startsWith('Cannot be changed') && !words.has(name),
        )
        .map(([name]) => name);
    });
    assert.deepEqual([...new Set(missing)].toSorted(), Object.keys(NOT_ASKED).toSorted());
  });
});
