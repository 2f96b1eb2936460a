import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { listPlans, type Plan, viewPlanCommon } from '../../instances/offers.ts';
import { groupedImages, listedImages } from './catalog.ts';
import { ImagesQuery, readImagesQuery, VpsImageGroups, VpsImages, VpsPlans } from './catalog-schema.ts';

const tags = ['VPS'];

/** Images, and plans with their prices. */
export function catalogRoutes(api: Api, { database, plane }: { database: Database; plane: DataPlane }): void {
  imageRoutes(api, plane);
  api.get(
    '/vps/plans',
    {
      config: { scope: 'vps:read' },
      schema: {
        operationId: 'listVpsPlans',
        summary: 'List plans',
        description:
          'Lists the plans with their sizes and prices, excluding taxes. Disk sizes are upper limits, because disks ' +
          'are thinly provisioned.',
        tags,
        response: { 200: VpsPlans },
      },
    },
    async () => ({ plans: (await listPlans(database.db, 'vps')).map(viewPlan) }),
  );
}

function imageRoutes(api: Api, plane: DataPlane): void {
  api.get(
    '/vps/images',
    {
      config: { scope: 'vps:read' },
      schema: {
        operationId: 'listVpsImages',
        summary: 'List images',
        description:
          'Lists the operating systems for VPS. Those that this install cannot offer are left out.',
        tags,
        querystring: ImagesQuery,
        response: { 200: VpsImages },
      },
    },
    async ({ query }) => ({ images: listedImages(await plane.listImages(), readImagesQuery(query)) }),
  );
  api.get(
    '/vps/images/grouped',
    {
      config: { scope: 'vps:read' },
      schema: {
        operationId: 'listVpsImagesGrouped',
        summary: 'List images by distribution',
        description: 'Lists the same images, grouped by distribution.',
        tags,
        querystring: ImagesQuery,
        response: { 200: VpsImageGroups },
      },
    },
    async ({ query }) => ({ groups: groupedImages(await plane.listImages(), readImagesQuery(query)) }),
  );
}

const viewPlan = (plan: Plan) => ({
  ...viewPlanCommon(plan),
  cpu_allocation_type: plan.cpu_allocation_type as 'shared' | 'dedicated',
  cpu_cores: plan.vcpu,
  type: plan.cpu_allocation_type as 'shared' | 'dedicated',
  memory_size_gb: plan.memory_mb / 1024,
  memory_gb: plan.memory_mb / 1024,
});
