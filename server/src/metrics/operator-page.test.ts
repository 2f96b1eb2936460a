import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { clientOf } from '../../test/client.ts';
import { customerOf } from '../../test/customer.ts';
import { startTestApp, type TestApp, testConfig } from '../../test/harness.ts';
import { DataPlaneError } from '../dataplane/contract/errors.ts';
import { render } from './exposition.ts';

describe('the page of figures for operators', () => {
  let test: TestApp;
  const read = async (): Promise<string> => (await fetch(test.app.metricsUrl!)).text();

  before(async () => {
    test = await startTestApp({ config: testConfig({ DANUBE_METRICS_LISTEN: '127.0.0.1:0' }) });
  });
  after(() => test?.close());

  it('has what an operator watches, in the format of Prometheus', async () => {
    const call = clientOf(test.app.url!, test.team.token);
    await customerOf(call).running('vps');
    await call('GET', '/vps/none');
    const text = await read();
    for (const line of [
      /^danube_up\{part="database",engine="sim"\} 1$/m,
      /^danube_instances\{kind="vps",status="running"\} 1$/m,
      /^danube_http_requests_total\{method="GET",status="4xx"\} 1$/m,
      /^danube_http_request_seconds_bucket\{le="\+Inf"\} \d+$/m,
      /^danube_reconciler_finished_timestamp_seconds\{name="instances"\} \d+/m,
      /^process_resident_memory_bytes \d+$/m,
    ]) {
      assert.match(text, line);
    }
    // Every line is one of the format, and no family comes twice.
    for (const line of text.trimEnd().split('\n')) {
      assert.match(line, /^(# (HELP|TYPE) \w+ .+|[a-z_0-9]+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [\d.e+-]+)$/);
    }
    const families = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name);
    assert.equal(new Set(families).size, families.length);
    const guide = readFileSync(path.join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8');
    for (const [, name, help, type] of text.matchAll(/^# HELP (\w+) (.+)\n# TYPE \w+ (\w+)$/gm)) {
      assert.ok(
        guide.includes(`| \`${name}\` | ${type} | ${help} |`),
        `docs/metrics.md says what ${name} is`,
      );
    }
  });

  it('says which part does not answer, and leaves its figures out', async () => {
    test.plane.faults.failAlways('describeCapacity', new DataPlaneError('unreachable', 'away'));
    try {
      const text = await read();
      assert.match(text, /^danube_up\{part="data_plane",engine="sim"\} 0$/m);
      assert.doesNotMatch(text, /danube_storage_pool_bytes/);
    } finally {
      test.plane.faults.clear();
    }
  });

  it('has nothing else, and is not part of the API', async () => {
    const { origin } = new URL(test.app.metricsUrl!);
    assert.equal((await fetch(`${origin}/api/v1/health`)).status, 404);
    assert.equal((await fetch(test.app.metricsUrl!, { method: 'POST' })).status, 404);
    assert.equal((await fetch(`${test.app.url}/metrics`)).status, 404);
  });
});

it('text in labels is escaped', () => {
  const family = { name: 'a', help: 'b', type: 'gauge' as const };
  assert.equal(
    render([{ ...family, values: [{ labels: { x: 'one"\\\n' }, value: 1 }] }]),
    '# HELP a b\n# TYPE a gauge\na{x="one\\"\\\\\\n"} 1\n',
  );
  assert.equal(render([{ ...family, values: [] }]), '');
});
