import { billingModule } from './billing/module.ts';
import { eventsModule } from './events/module.ts';
import { accountsModule } from './identity/accounts/module.ts';
import { auditModule } from './identity/audit/module.ts';
import { sessionsModule } from './identity/sessions/module.ts';
import { teamsModule } from './identity/teams/module.ts';
import { tokensModule } from './identity/tokens/module.ts';
import { imagesModule } from './images/module.ts';
import { instancesModule } from './instances/module.ts';
import { mailModule } from './mail/module.ts';
import { metricsModule } from './metrics/module.ts';
import { type ResourceModule, registerModules } from './module.ts';
import { operationsModule } from './operations/module.ts';
import { operatorModule } from './operator/module.ts';
import { accessKeysModule } from './resources/access-keys/module.ts';
import { alertsModule } from './resources/alerts/module.ts';
import { bucketsModule } from './resources/buckets/module.ts';
import { cacheClonesModule, cachesModule } from './resources/caches/module.ts';
import { certificateAuthorityModule } from './resources/certificate-authority/module.ts';
import { consolesModule } from './resources/consoles/module.ts';
import { databaseClonesModule, databasesModule } from './resources/databases/module.ts';
import { firewallsModule } from './resources/firewalls/module.ts';
import { healthModule } from './resources/health/module.ts';
import { createGroupFollowers } from './resources/managed-services/group-followers.ts';
import { managedServicesModule } from './resources/managed-services/module.ts';
import { notificationsModule } from './resources/notifications/module.ts';
import { parameterGroupsModule } from './resources/parameter-groups/module.ts';
import { snapshotsModule } from './resources/snapshots/module.ts';
import { sshKeysModule } from './resources/ssh-keys/module.ts';
import { vpsModule } from './resources/vps/module.ts';
import { webhooksModule } from './resources/webhooks/module.ts';
import { searchModule } from './search/module.ts';

/** All modules of the API, in the order of its documentation. A new resource is a new line here. */
export const MODULES: readonly ResourceModule[] = [
  healthModule,
  teamsModule,
  sessionsModule,
  tokensModule,
  auditModule,
  billingModule,
  accountsModule,
  sshKeysModule,
  vpsModule,
  consolesModule,
  databasesModule,
  cachesModule,
  snapshotsModule,
  databaseClonesModule,
  cacheClonesModule,
  parameterGroupsModule(createGroupFollowers),
  firewallsModule,
  bucketsModule,
  accessKeysModule,
  certificateAuthorityModule,
  operationsModule,
  eventsModule,
  webhooksModule,
  alertsModule,
  notificationsModule,
  searchModule,
  instancesModule,
  managedServicesModule,
  metricsModule,
  imagesModule,
  mailModule,
  operatorModule,
];

registerModules(MODULES);
