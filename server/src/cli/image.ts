import { readConfig } from '../config.ts';
import type { DataPlane } from '../dataplane/contract/data-plane.ts';
import { refuseOtherEngine, requireInstall } from '../host/install.ts';
import { createTerminal } from '../host/terminal.ts';
import { createLog } from '../lib/log.ts';
import { openDataPlane } from './data-plane.ts';

async function withDataPlane<T>(work: (plane: DataPlane) => Promise<T>): Promise<T> {
  const config = readConfig(process.env);
  const install = await requireInstall(config.home);
  refuseOtherEngine(config, install);
  const plane = await openDataPlane(config, install, createLog('warn'));
  try {
    return await work(plane);
  } finally {
    await plane.close();
  }
}

/** `danube image list`. */
export function imageList(): Promise<number> {
  return withDataPlane(async (plane) => {
    for (const image of await plane.listImages()) {
      process.stdout.write(`${image.name}\t${image.state}${image.reason ? `\t${image.reason}` : ''}\n`);
    }
    return 0;
  });
}

/** `danube image build NAME`. */
export function imageBuild(name: string): Promise<number> {
  return withDataPlane(async (plane) => {
    await createTerminal().step(`Building the image ${name}`, (report) =>
      plane.ensureImage(
        name,
        (message, percent) => report(percent === undefined ? message : `${message} ${percent} %`),
        true,
      ),
    );
    process.stdout.write(`${name} is ready.\n`);
    return 0;
  });
}
