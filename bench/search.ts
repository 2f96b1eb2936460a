/** `GET /resources/search` in a team with 100,000 servers, by texts that find none, one, a hundred, and all of them. */
import { clientOf } from '../server/test/client.ts';
import { startTestApp, type TestApp, testConfig } from '../server/test/harness.ts';
import { insertServers } from './present-servers.ts';
import { median, type Row } from './report.ts';

const ROWS = 100_000;
const TIMES = 50;

export async function benchSearch(): Promise<Row[]> {
  // Without a worker, because its reconciler would find that none of these rows has an instance.
  const test = await startTestApp({ config: testConfig({ DANUBE_ROLE: 'api' }) });
  try {
    const ids = await insertServers(test, ROWS);
    const texts = {
      'a name': 'web-77777',
      'a part of 100 names': '-777',
      'a part of all names': 'web',
      'two letters of all names': 'eb',
      'a text that is nowhere': 'nothing like it',
      'an id': ids[500]!,
      'an address': '10.64.3.7',
    };
    const rows: Row[] = [];
    for (const [name, text] of Object.entries(texts)) rows.push(await measure(test, name, text));
    return rows;
  } finally {
    await test.close();
  }
}

async function measure(test: TestApp, name: string, text: string): Promise<Row> {
  const call = clientOf(test.app.url!, test.team.token);
  const times: number[] = [];
  for (let turn = 0; turn < TIMES; turn++) {
    const began = performance.now();
    const { status } = await call('GET', `/resources/search?q=${encodeURIComponent(text)}`);
    if (status !== 200) throw new Error(`The search for ${text} was answered with ${status}.`);
    // The first ones prepare the statement.
    if (turn >= TIMES / 5) times.push(performance.now() - began);
  }
  return {
    name: `GET /resources/search by ${name}, of ${ROWS.toLocaleString('en')}`,
    ours: median(times),
    floor: 20,
    floorName: 'the aim',
    unit: 'ms',
    aim: '≤ 1',
  };
}
