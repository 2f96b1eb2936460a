import type { ResourceModule } from '../../module.ts';
import { certificateAuthorityRoutes } from './routes.ts';

export const certificateAuthorityModule: ResourceModule = {
  name: 'certificate-authority',
  tags: [{ name: 'Certificate authority', description: 'What clients check databases and caches against.' }],
  create: ({ authority }) => ({ routes: (api) => certificateAuthorityRoutes(api, authority) }),
};
