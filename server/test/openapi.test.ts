import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ERROR_STATUS } from '../src/lib/errors.ts';
import { DOCUMENT, ROUTES } from './api-client.ts';
import { templateUrl } from './database.ts';
import { startTestApp, type TestApp } from './harness.ts';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '../..');

interface Schema {
  $ref?: string;
  type?: string;
  pattern?: string;
  format?: string;
  oneOf?: Schema[];
  additionalProperties?: Schema | boolean;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
}

/** Runs a program of an npm package in the root folder; rejects with its output where it fails. */
async function runBin(file: string, ...args: string[]): Promise<void> {
  try {
    await run(process.execPath, [path.join(ROOT, 'node_modules', file), ...args], {
      cwd: ROOT,
      // The generator reads the tables of this database.
      env: {
        ...process.env,
        DATABASE_URL: templateUrl(),
        REDOCLY_TELEMETRY: 'off',
        REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
      },
      maxBuffer: 64 << 20,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    assert.fail(`${file} ${args.join(' ')}\n${stdout}${stderr}`);
  }
}

describe('the OpenAPI document', () => {
  it('passes redocly lint', () => runBin('@redocly/cli/bin/cli.js', 'lint', 'openapi/v1.json'));

  it('passes spectral, with the OWASP rules', () =>
    runBin('@stoplight/spectral-cli/dist/index.js', 'lint', '--fail-severity=error', 'openapi/v1.json'));

  it('is what the routes declare, and so are the other generated files', () =>
    runBin('../scripts/generate.ts', '--check'));

  it('takes no text that hides something, but for passwords and scripts', () => {
    const found: string[] = [];
    const look = (schema: Schema, where: string): void => {
      const { $ref, properties = {}, items, type, pattern, format, enum: words } = schema;
      const { oneOf = [], additionalProperties } = schema;
      if ($ref) look(DOCUMENT.components.schemas[$ref.split('/').at(-1)!] as Schema, where);
      if (
        type === 'string' &&
        !words &&
        format !== 'uuid' &&
        // Values of parameters are looked at by `check-parameters.ts`, which names all that are wrong.
        !/\.(password|password_confirmation|custom_cloud_init|(parameters|configuration)\.\*)$/.test(where)
      ) {
        const takes = (text: string) => new RegExp(pattern ?? '', 'u').test(text);
        if (takes('a\u202eb') || takes('a\u0007b') || takes('a\u0085b')) found.push(where);
      }
      for (const [name, member] of Object.entries(properties)) look(member, `${where}.${name}`);
      if (items) look(items, `${where}[]`);
      for (const one of oneOf) look(one, where);
      if (typeof additionalProperties === 'object') look(additionalProperties, `${where}.*`);
    };
    for (const { method, path: where, operation } of ROUTES) {
      const body = operation.requestBody?.content['application/json']?.schema;
      if (body) look(body as Schema, `${method} ${where}`);
      for (const { name, schema } of operation.parameters ?? []) {
        if (schema) look(schema as Schema, `${method} ${where}?${name}`);
      }
    }
    assert.deepEqual(found, []);
  });

  it('has a name for every body, every answer and every object in them', () => {
    const found: string[] = [];
    const look = (schema: Schema, where: string): void => {
      const { $ref, properties, items, oneOf, additionalProperties } = schema;
      if ($ref) return;
      if (properties || oneOf) found.push(where);
      if (items) look(items, `${where}[]`);
      if (typeof additionalProperties === 'object') look(additionalProperties, `${where}.*`);
    };
    for (const [name, schema] of Object.entries(DOCUMENT.components.schemas as Record<string, Schema>)) {
      for (const [member, one] of Object.entries(schema.properties ?? {})) look(one, `${name}.${member}`);
    }
    for (const { operation } of ROUTES) {
      const body = operation.requestBody?.content['application/json']?.schema as Schema | undefined;
      if (body && !body.$ref) found.push(operation.operationId);
      for (const [status, { $ref, content }] of Object.entries(operation.responses)) {
        // Streams and lines of JSON.
        if (content && !content['application/json']) continue;
        const answer = content?.['application/json']?.schema as Schema | undefined;
        if (!$ref && !answer?.$ref) found.push(`${operation.operationId} ${status}`);
      }
    }
    assert.deepEqual(found, []);
    // Java, Python and others have a class of this name already. Go clients have a NullableNAME for each name.
    const taken = Object.keys(DOCUMENT.components.schemas).filter((name) => /^(Error$|Nullable)/.test(name));
    assert.deepEqual(taken, []);
  });

  it('describes answers that may get members and values', () => {
    const requested = new Set<string>();
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      const { $ref } = value as Schema;
      const name = $ref?.split('/').at(-1);
      if (name !== undefined && !requested.has(name)) {
        requested.add(name);
        collect(DOCUMENT.components.schemas[name]);
      }
      for (const one of Object.values(value)) collect(one);
    };
    for (const { operation } of ROUTES) collect(operation.requestBody);
    const closed = Object.entries(DOCUMENT.components.schemas)
      .filter(([name]) => !requested.has(name))
      .filter(([, schema]) => /"additionalProperties":false|"enum":/.test(JSON.stringify(schema)))
      .map(([name]) => name);
    assert.deepEqual(closed, []);
    const status = DOCUMENT.components.schemas.Vps!.properties as Record<string, Record<string, unknown>>;
    assert.ok((status.status!['x-extensible-enum'] as string[]).includes('running'));
    assert.ok(requested.has('CreateVps') && !requested.has('Vps'));
  });

  it('has the team as a setting of the client, and not as a parameter of each method', () => {
    const { team } = DOCUMENT.components.securitySchemes as Record<string, { in: string; name: string }>;
    assert.deepEqual([team!.in, team!.name], ['header', 'X-Team-Id']);
    for (const { operation } of ROUTES) {
      assert.ok(!JSON.stringify(operation.parameters ?? []).match(/team-?id/i), operation.operationId);
    }
  });

  it('has an example for every body and every answer', () => {
    // That something has not changed is said without a body.
    const { NotModified: _empty, ...responses } = DOCUMENT.components.responses;
    for (const { content } of Object.values(responses) as { content: Record<string, object> }[]) {
      assert.ok('examples' in content['application/json']!);
    }
    for (const { method, path: where, operation } of ROUTES) {
      const name = `${method} ${where}`;
      const body = operation.requestBody?.content['application/json'];
      if (body) assert.ok('example' in body, name);
      for (const response of Object.values(operation.responses)) {
        for (const content of Object.values(response.content ?? {})) assert.ok('example' in content, name);
        assert.ok(response.$ref !== undefined || response.content !== undefined, name);
      }
    }
  });
});

describe('error pages', () => {
  it('exist for every code, and for nothing else', async () => {
    const pages = (await readdir(path.join(ROOT, 'docs/errors'))).filter((file) => file !== 'README.md');
    assert.deepEqual(
      pages.sort(),
      Object.keys(ERROR_STATUS)
        .map((code) => `${code}.md`)
        .sort(),
    );
    for (const [code, status] of Object.entries(ERROR_STATUS)) {
      const text = await readFile(path.join(ROOT, 'docs/errors', `${code}.md`), 'utf8');
      assert.ok(text.startsWith(`# ${code}\n\nStatus ${status}.`), code);
    }
  });
});

describe('the documentation that the server serves', () => {
  let test: TestApp;
  before(async () => {
    test = await startTestApp();
  });
  after(() => test?.close());

  const get = (url: string) => test.app.http.inject({ url });

  it('is the committed document, with the public address as a second server', async () => {
    const served = (await get('/docs/api.json')).json();
    assert.equal(served.servers.length, 2);
    served.servers.pop();
    assert.deepEqual(served, DOCUMENT);
  });

  it('loads nothing from elsewhere', async () => {
    const page = await get('/docs/api');
    assert.equal(page.statusCode, 200);
    assert.match(String(page.headers['content-security-policy']), /default-src 'none'; script-src 'self'/);
    const links = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
    assert.ok(links.length >= 4);
    for (const link of links) {
      assert.ok(link.startsWith('/docs/'), link);
      assert.equal((await get(link)).statusCode, 200, link);
    }
  });

  it('has the page that an error links to', async () => {
    const error = (await get('/api/v1/vps')).json();
    const page = await get(new URL(error.docs).pathname);
    assert.equal(page.statusCode, 200);
    assert.match(page.body, /^# unauthenticated/);
    assert.equal((await get('/docs/errors/__proto__')).statusCode, 404);
    assert.equal((await get('/docs/errors/..%2F..%2Fpackage')).statusCode, 404);
  });
});
