import assert from 'node:assert/strict';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { waitFor } from '../../../test/harness.ts';
import { buildGroupName } from '../../images/build-group.ts';
import { findBuilt } from '../../images/builder.ts';
import { RECIPES } from '../../images/recipes.ts';
import { SharedBuild } from '../../images/shared-build.ts';
import { createLog } from '../../lib/log.ts';
import { isRoot } from '../../lib/processes.ts';
import { ImageBuilds, TakenOver } from './image-builds.ts';

const INSTALL = 'fa5e01';
const recipe = RECIPES.get('debian-12')!;

/** Stands for mmdebstrap: tells its control group, and ends once that has the priority of others. */
const SLOW_BUILD = `#!/bin/sh
cat /proc/self/cgroup >"$DANUBE_TEST_TOLD.new" && mv "$DANUBE_TEST_TOLD.new" "$DANUBE_TEST_TOLD"
while cat /sys/fs/cgroup/${buildGroupName(INSTALL)}/cpu.idle /sys/fs/cgroup/*/${buildGroupName(INSTALL)}/cpu.idle \\
  2>/dev/null | grep -qx 1; do sleep 0.05; done
for argument; do case $argument in */rootfs.tar.zst | */base.tar.zst) : >"$argument" ;; esac; done
`;

describe('builds ahead of need', { skip: isRoot() ? false : 'needs root' }, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'danube-ahead-'));
  const told = path.join(folder, 'told');
  const { PATH } = process.env;
  before(() => {
    mkdirSync(path.join(folder, 'bin'));
    writeFileSync(path.join(folder, 'bin', 'mmdebstrap'), SLOW_BUILD, { mode: 0o755 });
    process.env.PATH = `${path.join(folder, 'bin')}:${PATH}`;
    process.env.DANUBE_TEST_TOLD = told;
  });
  after(() => {
    process.env.PATH = PATH;
    delete process.env.DANUBE_TEST_TOLD;
    rmSync(folder, { recursive: true });
  });

  /** Begins a build that nobody waits for. */
  function begin(name: string) {
    rmSync(told, { force: true });
    const imageCache = path.join(folder, name);
    const stop = new AbortController();
    const shared = new SharedBuild();
    shared.join(undefined, false);
    const builds = new ImageBuilds({ installId: INSTALL, imageCache, log: createLog('silent') });
    const built = builds.build(recipe, { rebuild: false, ahead: stop.signal, shared });
    built.catch(() => undefined);
    return { imageCache, stop, shared, built };
  }

  const untilItRuns = () => waitFor('the build to run', async () => existsSync(told));

  it('have a group of the lowest priority, which is raised as soon as somebody waits', async () => {
    const { imageCache, shared, built } = begin('raised');
    await untilItRuns();
    assert.ok(readFileSync(told, 'utf8').includes(buildGroupName(INSTALL)));
    shared.join(undefined, true);
    assert.deepEqual(await built, await findBuilt(imageCache, recipe));
  });

  it('end with the server, and leave nothing', async () => {
    const { imageCache, stop, built } = begin('stopped');
    await untilItRuns();
    stop.abort(new Error('The server stops.'));
    await assert.rejects(built, /The server stops/);
    assert.deepEqual(readdirSync(imageCache), ['base-bookworm.lock', 'debian-12.lock']);
    await waitFor(
      'the group to go',
      async () => globSync(`/sys/fs/cgroup/{,*/}${buildGroupName(INSTALL)}`).length === 0,
    );
  });

  it('go on when the server stops while somebody waits', async () => {
    const { imageCache, stop, shared, built } = begin('wanted');
    await untilItRuns();
    shared.join(undefined, true);
    stop.abort(new Error('The server stops.'));
    assert.deepEqual(await built, await findBuilt(imageCache, recipe));
  });

  it('give way to who waits where there is nothing to raise yet', async () => {
    const { imageCache, shared, built } = begin('early');
    shared.join(undefined, true);
    await assert.rejects(built, TakenOver);
    assert.deepEqual(readdirSync(imageCache), ['base-bookworm.lock', 'debian-12.lock']);
  });
});
