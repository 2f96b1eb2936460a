import type { Config } from '../config.ts';
import type { ObjectStore } from '../object-store/contract.ts';

/** Opens the object store that the settings select, and imports only that one's code. Null: there is none. */
export async function openObjectStore(config: Config): Promise<ObjectStore | null> {
  if (config.engine !== 'sim') return null;
  const { createSimObjectStore, stateFileOf } = await import('../object-store/sim/object-store.ts');
  return createSimObjectStore({
    stateFile: stateFileOf(config.sim.stateFile),
    latencyMs: config.sim.latencyMs,
  });
}
