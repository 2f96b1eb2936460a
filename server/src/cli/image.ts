import { type Config, readConfig } from '../config.ts';
import type { DataPlane } from '../dataplane/contract/data-plane.ts';
import { describeBuild, imageBuildsOf } from '../host/image-builds.ts';
import { refuseOtherEngine, requireInstall } from '../host/install.ts';
import { createTerminal } from '../host/terminal.ts';
import { createLog } from '../lib/log.ts';
import { openDataPlane } from './data-plane.ts';
import { UsageError } from './failure.ts';

async function withDataPlane<T>(work: (plane: DataPlane, config: Config) => Promise<T>): Promise<T> {
  const config = readConfig(process.env);
  const install = await requireInstall(config.home);
  refuseOtherEngine(config, install);
  const plane = await openDataPlane(config, install, createLog('warn'));
  try {
    return await work(plane, config);
  } finally {
    await plane.close();
  }
}

/** `danube image list`. */
export function imageList(): Promise<number> {
  return withDataPlane(async (plane, config) => {
    const builds = (await imageBuildsOf(config)) ?? [];
    for (const { name, state, reason } of await plane.listImages()) {
      const build = state === 'ready' ? undefined : builds.find((each) => each.name === name);
      const line = `${name.padEnd(15)}  ${state.padEnd(11)}  ${reason ?? (build ? describeBuild(build) : '')}`;
      process.stdout.write(`${line.trimEnd()}\n`);
    }
    return 0;
  });
}

/** `danube image build NAME`. */
export function imageBuild(name: string): Promise<number> {
  return withDataPlane(async (plane) => {
    if (!(await plane.listImages()).some((image) => image.name === name)) {
      throw new UsageError(`There is no image "${name}": \`danube image list\` shows them.`);
    }
    await createTerminal().step(`Building the image ${name}`, (report) =>
      plane.ensureImage(
        name,
        (message, percent) => report(percent === undefined ? message : `${message} ${percent} %`),
        { rebuild: true },
      ),
    );
    process.stdout.write(`${name} is ready.\n`);
    return 0;
  });
}
