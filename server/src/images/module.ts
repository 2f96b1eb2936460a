import type { ResourceModule } from '../module.ts';
import { imagesAhead, imagesToBuild } from './ahead.ts';

/** Images that are there before the first customer asks for them. */
export const imagesModule: ResourceModule = {
  name: 'images',
  create: (context) => ({ reconcilers: [imagesAhead(context, imagesToBuild(context.config.imagesAhead))] }),
};
