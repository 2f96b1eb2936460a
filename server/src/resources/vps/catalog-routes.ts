import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { Database } from '../../db/database.ts';
import type { Api } from '../../http/api.ts';
import { listPlans } from '../../instances/offers.ts';
import { groupedImages, listedImages } from './catalog.ts';
import { VpsImageGroups, VpsImages, VpsPlans } from './schema.ts';

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
        description: 'Lists the operating systems for VPS.',
        tags,
        response: { 200: VpsImages },
      },
    },
    async () => ({ images: listedImages(await plane.listImages()) }),
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
        response: { 200: VpsImageGroups },
      },
    },
    async () => ({ groups: groupedImages(await plane.listImages()) }),
  );
}

const viewPlan = (plan: Awaited<ReturnType<typeof listPlans>>[number]) => ({
  name: plan.name,
  resource_profile: plan.name,
  cpu_allocation_type: plan.cpu_allocation_type as 'shared' | 'dedicated',
  cpu_cores: plan.vcpu,
  memory_size_gb: plan.memory_mb / 1024,
  storage_size_gb: plan.disk_gb,
  monthly_cost_cents: plan.price_cents,
  monthly_cost_dollars: plan.price_cents / 100,
  currency: 'EUR' as const,
});
