import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { createSimMetricsStore } from '../src/metrics/sim/store.ts';
import { evaluateAlerts } from '../src/resources/alerts/evaluator.ts';
import { type Call, clientOf } from './client.ts';
import { customerOf } from './customer.ts';
import { startTestApp, type TestApp, testConfig } from './harness.ts';

/** A server with one VPS whose memory a test sets, in rounds of alerts that it runs itself. */
export class AlertWorld {
  readonly metrics = createSimMetricsStore();
  test!: TestApp;
  vps!: string;
  /** The time of the last round, in Unix milliseconds. */
  now = Date.now();

  async open(): Promise<void> {
    this.test = await startTestApp({
      metrics: this.metrics,
      config: testConfig({ DANUBE_WEBHOOK_TARGETS: 'any' }),
      still: ['alerts', 'default-alerts', 'metrics'],
    });
    this.vps = await customerOf(this.call).running('vps', { name: 'web-1' });
  }

  call: Call = (method, path, body) => clientOf(this.test.app.url!, this.test.team.token)(method, path, body);

  async newAlert(changes: Record<string, unknown> = {}) {
    const answer = await this.call('POST', '/metric-alerts', {
      resource_type: 'vps',
      resource_id: this.vps,
      metric_type: 'memory_usage',
      comparison_operator: 'gt',
      threshold_value: 80,
      duration_minutes: 1,
      ...changes,
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body.alert;
  }

  async show(id: string) {
    return (await this.call('GET', `/metric-alerts/${id}`)).body.alert;
  }

  /** What its history says, the newest first. */
  async happenings(id: string): Promise<string[]> {
    const { data } = (await this.call('GET', `/metric-alerts/${id}/history`)).body;
    return data.map((one: { event_type: string }) => one.event_type);
  }

  async eventsOf(id: string): Promise<{ type: string; payload: Record<string, unknown> }[]> {
    return (await this.call('GET', `/events?resource_id=${id}&limit=500`)).body.data;
  }

  /** Its events that tell that it fires or is over. */
  async turnsOf(id: string) {
    const turns = ['alert.fired', 'alert.resolved'];
    return (await this.eventsOf(id)).filter(({ type }) => turns.includes(type));
  }

  /** Measures that a server, by default its first, uses so much of its memory, at that time. */
  push(percent: number, at: number, resource = this.vps): Promise<void> {
    const of = (series: string, value: number) => ({
      teamId: this.test.team.teamId,
      resource,
      series,
      value,
      at,
    });
    return this.metrics.push([of('memory_used_bytes', percent), of('memory_limit_bytes', 100)]);
  }

  /** A round some seconds later, in which the server uses so much of its memory; null: nothing is measured. */
  async round(percent: number | null, seconds = 15): Promise<void> {
    this.now += seconds * 1000;
    if (percent !== null) await this.push(percent, this.now);
    await evaluateAlerts(this.test.database, this.metrics, this.now);
  }
}

/** Starts one server for all tests of a suite. */
export function suiteWithAlerts(): AlertWorld {
  const world = new AlertWorld();
  before(() => world.open());
  after(() => world.test?.close());
  return world;
}
