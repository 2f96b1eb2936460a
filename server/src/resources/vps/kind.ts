import { Text } from '../../http/schema.ts';
import type { InstanceKind } from '../../instances/kinds.ts';
import { vpsEvents } from './events.ts';
import { instanceSpec, SSH_TIMEOUT_SECONDS } from './spec.ts';
import { getVps } from './store.ts';

export const vpsKind: InstanceKind = {
  name: 'vps',
  noun: 'server',
  label: 'Vps',
  events: vpsEvents,
  snapshots: {
    param: 'vpsSnapshot',
    member: 'vps_instance',
    sizeUnit: 'gb',
    details: { image: Text(100, 'debian-12') },
    example: { name: 'web-1', diskGb: 40 },
  },
  async describe(db, id) {
    const { image } = await getVps(db, id);
    return { image, provider: null, version: null, database_name: null };
  },
  blueprint: ({ database, plane, secrets }) => ({
    // The snapshot contains the whole system.
    image: async () => null,
    async spec(id, { image }, network) {
      // Under its new name, cloud-init would run the customer's commands again.
      const vps = { ...(await getVps(database.db, id)), custom_cloud_init_sealed: null };
      return instanceSpec({ ...vps, image: image ?? vps.image }, network, secrets);
    },
    waitUntilAnswers: (ref) => plane.waitForSsh(ref, SSH_TIMEOUT_SECONDS),
    answered: 'Its SSH server answered.',
    verifies: false,
  }),
};
