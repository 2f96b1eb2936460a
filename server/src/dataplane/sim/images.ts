import { CATALOG } from '../../images/catalog.ts';
import { PLATFORM_IMAGES, SERVICE_IMAGES } from '../../images/recipes.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { Images } from '../contract/images.ts';
import type { SimCore } from './core.ts';
import { PARAMETERS } from './service.ts';

const IMAGES: ReadonlySet<string> = new Set([
  ...CATALOG.map(({ id }) => id),
  ...SERVICE_IMAGES,
  ...PLATFORM_IMAGES,
]);

export const simImages = (core: SimCore): Images => ({
  listImages: () =>
    core.verb('listImages', null, () =>
      Array.from(IMAGES, (name) => ({
        name,
        state: core.world.images.has(name) ? 'ready' : 'buildable',
        reason: null,
      })),
    ),
  imageParameters: (name) =>
    core.verb('imageParameters', name, () =>
      core.world.images.has(name) && SERVICE_IMAGES.includes(name) ? PARAMETERS : null,
    ),
  ensureImage: (name, progress) =>
    core.verb('ensureImage', name, () => {
      if (!IMAGES.has(name)) throw new DataPlaneError('image_unavailable', `There is no image "${name}".`);
      if (core.world.images.has(name)) return;
      progress?.(`Simulating image ${name}`, 100);
      core.change({ op: 'image', name });
    }),
});
