import type { ResourceModule } from '../../module.ts';
import { certificateAuthorityRoutes } from './routes.ts';

export const certificateAuthorityModule: ResourceModule = {
  name: 'certificate-authority',
  tags: [
    {
      name: 'Certificate authority',
      description: 'The certificate with which clients verify databases and caches.',
    },
  ],
  create: ({ authority }) => ({ routes: (api) => certificateAuthorityRoutes(api, authority) }),
};
