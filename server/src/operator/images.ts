import type { Images } from '../dataplane/contract/images.ts';
import type { Queryable, Tx } from '../db/database.ts';
import { orderBuild, readImageBuilds } from '../images/build-records.ts';
import { notFound } from '../lib/errors.ts';

/** All images, whether each is there, and how far its build is. */
export async function listInstallImages(db: Queryable, plane: Images) {
  const [images, builds] = await Promise.all([plane.listImages(), readImageBuilds(db)]);
  return images.map(({ name, state, reason }) => {
    const build = builds.find((one) => one.name === name);
    return {
      name,
      state,
      reason,
      is_building: build?.message != null,
      is_ordered: build !== undefined,
      step: build?.message ?? null,
      percent: build?.percent ?? null,
      failures: build?.failures ?? 0,
      error: build?.error ?? null,
    };
  });
}

/** Has an image built or downloaded anew, with the packages of today. Throws `not_found`. */
export async function rebuildImage(tx: Tx, plane: Images, name: string): Promise<void> {
  if (!(await plane.listImages()).some((image) => image.name === name)) throw notFound('Image');
  await orderBuild(tx, name);
}
