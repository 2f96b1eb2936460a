import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { networkOf, specOf, TEAMS } from '../contract/subjects.ts';
import { EngineError } from '../engine.ts';
import { createSimEngine, type SimEngine } from './engine.ts';

const tenant = { teamId: TEAMS.one, network: networkOf(TEAMS.one) };
const spec = specOf('one', 21, { userData: 'a secret' });

describe('simulated engine', () => {
  let folder: string;
  let stateFile: string;
  let engine: SimEngine;
  const open = () => createSimEngine({ stateFile, latencyMs: 0 });

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'danube-sim-'));
    stateFile = path.join(folder, 'state');
    engine = open();
    await engine.ensureTenant(tenant);
    await engine.ensureImage('debian-12');
    await engine.ensureInstance(spec);
  });
  afterEach(async () => {
    await engine.close();
    rmSync(folder, { recursive: true });
  });

  it('finds its state again without having been closed', async () => {
    await engine.ensureStopped(spec.ref, 0);
    const again = open();
    assert.deepEqual(await again.describeInstance(spec.ref), await engine.describeInstance(spec.ref));
    assert.equal((await again.listImages()).find(({ name }) => name === 'debian-12')?.state, 'ready');
    await again.removeInstance(spec.ref);
    await again.close();
    const third = open();
    assert.deepEqual(await third.listInstances(), []);
    await third.close();
  });

  it('drops a last line that a kill cut short, and goes on after it', async () => {
    appendFileSync(stateFile, '{"op":"delete","na');
    const again = open();
    assert.equal((await again.listInstances()).length, 1);
    await again.ensureStopped(spec.ref, 0);
    await again.close();
    const third = open();
    assert.equal((await third.describeInstance(spec.ref))?.power, 'stopped');
    await third.close();
  });

  it('fails as told, before anything changes', async () => {
    const error = new EngineError('unreachable', 'Gone.');
    engine.faults.failNext('ensureStopped', error, 2);
    await assert.rejects(engine.ensureStopped(spec.ref, 0), error);
    await assert.rejects(engine.ensureStopped(spec.ref, 0), error);
    assert.equal((await engine.describeInstance(spec.ref))?.power, 'running');
    await engine.ensureStopped(spec.ref, 0);
    engine.faults.failAlways('describe', error);
    await assert.rejects(engine.describe(), error);
    await assert.rejects(engine.describe(), error);
    engine.faults.clear();
    await engine.describe();
    assert.equal(engine.calls.get('ensureStopped'), 3);
  });

  it('loses an answer where a hook throws afterwards', async () => {
    const seen: string[] = [];
    const away = engine.faults.before((verb) => void seen.push(verb));
    engine.faults.after((verb) => {
      if (verb === 'removeInstance') throw new Error('lost');
    });
    await assert.rejects(engine.removeInstance(spec.ref), /lost/);
    away();
    assert.equal(await engine.describeInstance(spec.ref), null);
    assert.deepEqual(seen, ['removeInstance']);
  });

  it('drifts as told', async () => {
    engine.drift.stopFromInside(spec.ref);
    assert.equal((await engine.describeInstance(spec.ref))?.power, 'stopped');
    engine.drift.breakInstance(spec.ref);
    assert.equal((await engine.describeInstance(spec.ref))?.power, 'error');
    engine.drift.leak(specOf('leak', 22));
    assert.equal((await engine.listInstances()).length, 2);
    engine.drift.deleteBehindOurBack(spec.ref);
    assert.equal(await engine.describeInstance(spec.ref), null);
  });
});
