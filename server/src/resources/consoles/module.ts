import type { ResourceModule } from '../../module.ts';
import { Consoles } from './consoles.ts';
import { consoleRoutes } from './routes.ts';
import { closeForgotten } from './store.ts';

/** Seconds after which a console has ended whose process does not renew it, or to which nobody connects. */
const FORGOTTEN = 60;

export const consolesModule: ResourceModule = {
  name: 'consoles',
  create: ({ config, database, plane, log }) => ({
    routes: (api) =>
      consoleRoutes(api, { config, database, consoles: new Consoles({ database, plane, log }) }),
    reconcilers: [
      { name: 'forgotten-consoles', everySeconds: 15, run: () => closeForgotten(database, FORGOTTEN) },
    ],
  }),
};
