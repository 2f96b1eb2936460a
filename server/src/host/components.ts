import type { Config } from '../config.ts';
import type { HostComponent } from './component.ts';
import { aclGuard } from './components/acl-guard.ts';
import { addressRoutes } from './components/address-routes.ts';
import { hostFirewall } from './components/host-firewall.ts';
import { incus } from './components/incus.ts';
import { kernelSettings } from './components/kernel-settings.ts';
import { lxcfs } from './components/lxcfs.ts';
import { objectStore } from './components/object-store.ts';
import { postgres } from './components/postgres.ts';
import { storagePool } from './components/storage-pool.ts';
import { victoriaMetrics } from './components/victoria-metrics.ts';
import type { Package } from './packages.ts';

/** The components that Danube can run on its host, in order of start. `destroy` removes them in reverse order. */
export const HOST_COMPONENTS: readonly HostComponent[] = [
  postgres,
  kernelSettings,
  addressRoutes,
  hostFirewall,
  aclGuard,
  lxcfs,
  incus,
  storagePool,
  victoriaMetrics,
  objectStore,
];

/** The Debian packages that an install with these settings needs. */
export const packagesFor = (config: Config, components = HOST_COMPONENTS): Package[] =>
  components
    .filter((component) => component.appliesTo(config))
    .flatMap((component) => component.packages?.(config) ?? []);
