import assert from 'node:assert/strict';
import type { Call } from './client.ts';
import { waitFor } from './harness.ts';
import type { Sink } from './webhook-sink.ts';

/** Events that nobody is notified of. */
const UNNOTIFIED = /\.requested$|^alert\.created$/;

interface Told {
  id: number;
  type: string;
  resource_id: string;
}

/**
 * Compares what a customer was told of a resource in all ways that there are. `sink` is where all of the team's events are sent
 * to; `seconds`: for how long deliveries and notifications are waited for.
 */
export function tellingsOf(call: Call, sink: Sink, seconds?: number) {
  const events = async (query: string): Promise<Told[]> =>
    (await call('GET', `/events?limit=500&${query}`)).body.data;
  const notified = async (id: string): Promise<string[]> => {
    const { data } = (await call('GET', '/notifications?per_page=100')).body;
    return data
      .filter((one: Told) => one.resource_id === id)
      .map((one: Told) => one.type)
      .toReversed();
  };
  /** Ids of the messages about a resource, in the order in which each came first: a kill may double one. */
  const delivered = (id: string): string[] => [
    ...new Set(
      sink.received
        .filter(({ json }) => json.data.resource_id === id)
        .map(({ headers }) => String(headers['webhook-id'])),
    ),
  ];

  /**
   * Checks that exactly events of these types were told of a resource, once and in this order: in the log, at the webhook, and, but
   * for requests, by notifications. Those of the type `maybe` may be among them.
   */
  async function assertTold(id: string, types: readonly string[], maybe = ''): Promise<void> {
    const happened = await events(`resource_id=${id}`);
    const told = happened.map(({ type }) => type);
    assert.deepEqual(
      told.filter((type) => type !== maybe),
      types,
    );
    await waitFor('all deliveries', async () => delivered(id).length >= told.length, seconds);
    assert.deepEqual(
      delivered(id),
      happened.map((one) => `evt_${one.id}`),
    );
    const noticed = told.filter((type) => !UNNOTIFIED.test(type));
    await waitFor('all notifications', async () => (await notified(id)).length >= noticed.length, seconds);
    assert.deepEqual(await notified(id), noticed);
  }

  return { events, assertTold };
}
