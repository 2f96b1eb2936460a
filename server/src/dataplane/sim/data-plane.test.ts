import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { networkOf, specOf, TEAMS } from '../../../test/contract/subjects.ts';
import { DataPlaneError } from '../contract/errors.ts';
import { createSimDataPlane, type SimDataPlane } from './data-plane.ts';

const tenant = { teamId: TEAMS.one, network: networkOf(TEAMS.one) };
const spec = specOf('one', 21, { userData: 'a secret' });

describe('simulated data plane', () => {
  let folder: string;
  let stateFile: string;
  let plane: SimDataPlane;
  const open = () => createSimDataPlane({ stateFile, latencyMs: 0 });

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'danube-sim-'));
    stateFile = path.join(folder, 'state');
    plane = open();
    await plane.ensureTenant(tenant);
    await plane.ensureImage('debian-12');
    await plane.ensureInstance(spec);
  });
  afterEach(async () => {
    await plane.close();
    rmSync(folder, { recursive: true });
  });

  it('restores its state without having been closed', async () => {
    await plane.ensureStopped(spec.ref, 0);
    const again = open();
    assert.deepEqual(await again.describeInstance(spec.ref), await plane.describeInstance(spec.ref));
    assert.equal((await again.listImages()).find(({ name }) => name === 'debian-12')?.state, 'ready');
    await again.removeInstance(spec.ref);
    await again.close();
    const third = open();
    assert.deepEqual(await third.listInstances(), []);
    await third.close();
  });

  it('is read by others without a change of what is kept', async () => {
    const reader = createSimDataPlane({ stateFile, latencyMs: 0, readOnly: true });
    await reader.removeInstance(spec.ref);
    await reader.close();
    await plane.ensureStopped(spec.ref, 0);
    const again = open();
    assert.equal((await again.describeInstance(spec.ref))?.power, 'stopped');
    await again.close();
  });

  it('drops a last line that a kill cut short, and continues after it', async () => {
    appendFileSync(stateFile, '{"op":"delete","na');
    const again = open();
    assert.equal((await again.listInstances()).length, 1);
    await again.ensureStopped(spec.ref, 0);
    await again.close();
    const third = open();
    assert.equal((await third.describeInstance(spec.ref))?.power, 'stopped');
    await third.close();
  });

  it('injects a failure before anything changes', async () => {
    const error = new DataPlaneError('unreachable', 'Gone.');
    plane.faults.failNext('ensureStopped', error, 2);
    await assert.rejects(plane.ensureStopped(spec.ref, 0), error);
    await assert.rejects(plane.ensureStopped(spec.ref, 0), error);
    assert.equal((await plane.describeInstance(spec.ref))?.power, 'running');
    await plane.ensureStopped(spec.ref, 0);
    plane.faults.failAlways('describe', error);
    await assert.rejects(plane.describe(), error);
    await assert.rejects(plane.describe(), error);
    plane.faults.clear();
    await plane.describe();
    assert.equal(plane.calls.get('ensureStopped'), 3);
  });

  it('loses an answer where a hook throws afterwards', async () => {
    const seen: string[] = [];
    const away = plane.faults.before((verb) => void seen.push(verb));
    plane.faults.after((verb) => {
      if (verb === 'removeInstance') throw new Error('lost');
    });
    await assert.rejects(plane.removeInstance(spec.ref), /lost/);
    away();
    assert.equal(await plane.describeInstance(spec.ref), null);
    assert.deepEqual(seen, ['removeInstance']);
  });

  it('drifts as told', async () => {
    plane.drift.stopFromInside(spec.ref);
    assert.equal((await plane.describeInstance(spec.ref))?.power, 'stopped');
    plane.drift.breakInstance(spec.ref);
    assert.equal((await plane.describeInstance(spec.ref))?.power, 'error');
    plane.drift.leak(specOf('leak', 22));
    assert.equal((await plane.listInstances()).length, 2);
    plane.drift.deleteBehindOurBack(spec.ref);
    assert.equal(await plane.describeInstance(spec.ref), null);
  });
});
