import { readConfig } from '../config.ts';
import type { Engine } from '../engines/engine.ts';
import { createLog } from '../lib/log.ts';
import { requireInstall } from '../platform/install.ts';
import { createTerminal } from '../platform/terminal.ts';
import { openEngine } from './engine.ts';

async function withEngine<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  const config = readConfig(process.env);
  const install = await requireInstall(config.home);
  const engine = await openEngine(config, install, createLog('warn'));
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

/** `danube image list`. */
export function imageList(): Promise<number> {
  return withEngine(async (engine) => {
    for (const image of await engine.listImages()) {
      process.stdout.write(`${image.name}\t${image.state}${image.reason ? `\t${image.reason}` : ''}\n`);
    }
    return 0;
  });
}

/** `danube image build NAME`. */
export function imageBuild(name: string): Promise<number> {
  return withEngine(async (engine) => {
    await createTerminal().step(`Building the image ${name}`, (report) =>
      engine.ensureImage(
        name,
        (message, percent) => report(percent === undefined ? message : `${message} ${percent} %`),
        true,
      ),
    );
    process.stdout.write(`${name} is ready.\n`);
    return 0;
  });
}
