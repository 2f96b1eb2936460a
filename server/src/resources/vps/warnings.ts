import { type CreateVps, NO_BACKUPS, type UpdateVps } from './schema.ts';
import { hostnameOf } from './spec.ts';
import type { Vps } from './store.ts';

/** The name of a machine at work is its owner's to change: mail, clusters and certificates may depend on it. */
const renameInside = (name: string): string =>
  `To change it now, run in it: hostnamectl set-hostname ${hostnameOf(name)}`;

const ofConfiguration = ({ configuration }: Pick<UpdateVps, 'configuration'>): string[] => [
  ...(configuration?.backup_enabled ? [`backup_enabled has no effect. ${NO_BACKUPS}`] : []),
];

/** Says which members of the request have no effect. */
export const warnOfCreation = (body: CreateVps): string[] => [
  ...ofConfiguration(body),
  ...(body.auth_method === 'password' && body.ssh_key_id
    ? ['ssh_key_id has no effect, because auth_method is password.']
    : []),
];

/** The same for an update of `vps`, and what of it does not reach the inside of the server. */
export const warnOfUpdate = (vps: Vps, body: UpdateVps): string[] => [
  ...ofConfiguration(body),
  ...(body.name === undefined || body.name === vps.name
    ? []
    : [`The host name inside the server stays the same until it is reinstalled. ${renameInside(body.name)}`]),
];
