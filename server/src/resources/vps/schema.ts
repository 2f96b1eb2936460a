import { type Static, Type } from 'typebox';
import { Fixed } from '../../http/fixed.ts';
import {
  Component,
  Enum,
  Id,
  Int,
  LineText,
  Message,
  Nullable,
  NumberId,
  Obj,
  PathId,
  Text,
  Timestamp,
} from '../../http/schema.ts';
import { PATTERN_MESSAGE } from '../../http/validation.ts';
import { Warnings } from '../../http/warnings.ts';
import { MAX_CLOUD_INIT } from '../../images/custom-cloud-init.ts';
import { Diagnostic } from '../../instances/inspection-schema.ts';
import { InstanceQuery } from '../../instances/listing.ts';
import {
  Address4,
  Address6,
  Capabilities,
  Decimal,
  Flag,
  StatusDetails,
  StatusLabel,
} from '../../instances/schema.ts';
import { settingChanges, settingMembers } from '../../instances/settings.ts';
import { ActionAnswer, OperationId } from '../../operations/schema.ts';
import { VPS_STATUSES, type VpsStatus } from './states.ts';

const Status = Enum(VPS_STATUSES, { example: 'running' });
export const AllocationType = Enum(['shared', 'dedicated']);
const NetworkStack = Enum(['dual_stack', 'ipv4_only', 'ipv6_only']);
const AuthMethod = Enum(['ssh_key', 'password'], { description: 'How root logs in over SSH.' });
export const PlanName = LineText(40, 'nano_shared', { description: 'A name from `GET /vps/plans`.' });
export const ImageName = LineText(100, 'debian-12', { description: 'A name from `GET /vps/images`.' });

export const VpsQuery = InstanceQuery(VPS_STATUSES);

export const VpsParams = Obj({ vpsInstance: PathId('uuid', 'Id of the VPS.') });

export const Vps = Component('Vps', {
  id: Id(),
  name: Text(255, 'web-1'),
  status: Status,
  status_label: StatusLabel,
  status_details: StatusDetails,
  capabilities: Capabilities,
  resource_profile: PlanName,
  cpu_allocation_type: AllocationType,
  cpu_cores: Int(2),
  memory_size_gb: Decimal(2),
  storage_size_gb: Int(40),
  image: ImageName,
  datacenter: Text(40, 'fsn1'),
  network_stack: NetworkStack,
  auth_method: AuthMethod,
  public_ip: Address4,
  ipv6_address: Address6,
  vnc_access_url: Nullable(Text(500, 'https://example.org/console')),
  monthly_cost_cents: Int(449),
  monthly_cost_dollars: Decimal(4.49),
  auto_start: Flag('Whether it starts again after a restart of the host.'),
  backup_enabled: Flag('Whether backups are requested.'),
  monitoring_enabled: Flag('Whether metrics are stored.'),
  ...settingMembers,
  deployed_at: Nullable(Timestamp('When the server was running for the first time.')),
  created_at: Timestamp(),
  updated_at: Timestamp(),
  team_id: NumberId(1),
  user_id: NumberId(1),
  ssh_key_id: Nullable(NumberId(12)),
  can_be_started: Flag('Whether `start` is accepted now.'),
  can_be_stopped: Flag('Whether `stop` is accepted now.'),
  can_be_rebooted: Flag('Whether `reboot` is accepted now.'),
  can_be_destroyed: Flag('Whether deletion is accepted now.'),
});
export type VpsView = Static<typeof Vps>;

/** A member of v1 that is stored and shown, and has no effect: an answer to a request for it says so. */
export const NO_BACKUPS =
  'This install makes no backups. For daily snapshots, update the server with automated_snapshots_enabled.';

const Configuration = Component('VpsConfiguration', {
  auto_start: Type.Optional(Flag('Whether it starts again after a restart of the host.')),
  backup_enabled: Type.Optional(Flag(`Whether backups are requested. ${NO_BACKUPS}`)),
  monitoring_enabled: Type.Optional(Flag('Whether metrics are stored; true by default.')),
});

const Password = (when: string) =>
  Nullable(
    Type.String({
      minLength: 12,
      maxLength: 128,
      format: 'password',
      // A line break would end the input line from which the password is set.
      pattern: '^[^\\r\\n\\u0000]*$',
      [PATTERN_MESSAGE]: 'must be on one line',
      example: 'correct horse battery',
      description: `${when} At least 12 characters, on one line.`,
    }),
  );

const PasswordConfirmation = Nullable(
  Type.String({ maxLength: 128, format: 'password', example: 'correct horse battery' }),
);

const CustomCloudInit = Nullable(
  Type.String({
    maxLength: MAX_CLOUD_INIT,
    example: '#cloud-config\npackages: [nginx]\n',
    description:
      'cloud-init user-data in any of its formats, for example `#cloud-config` YAML or a script that begins with `#!`; ' +
      'also in base64, or compressed with gzip and then in base64. At most 65,536 bytes, and 262,144 once unpacked.',
  }),
);

const Name = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^[a-z0-9][a-z0-9-]*[a-z0-9]$|^[a-z0-9]$',
  [PATTERN_MESSAGE]:
    'may hold lower-case letters, digits and hyphens, and begins and ends with a letter or digit',
  example: 'web-1',
  description: 'Lower-case letters, digits and hyphens. Its first 63 characters become the host name.',
});

export const CreateVps = Component(
  'CreateVps',
  {
    name: Name,
    resource_profile: Type.Optional(PlanName),
    cpu_allocation_type: Type.Optional(Nullable(AllocationType)),
    image: ImageName,
    network_stack: Type.Optional(Nullable(NetworkStack)),
    datacenter: LineText(40, 'fsn1'),
    auth_method: AuthMethod,
    ssh_key_id: Type.Optional(Nullable(NumberId(12, 'Required if `auth_method` is `ssh_key`.'))),
    password: Type.Optional(
      Password('For the console and, if `auth_method` is `password`, which requires it, for SSH.'),
    ),
    password_confirmation: Type.Optional(PasswordConfirmation),
    configuration: Type.Optional(Configuration),
    custom_cloud_init: Type.Optional(CustomCloudInit),
    marketplace_app_id: Type.Optional(Nullable(NumberId(1, 'Not available on this install. Leave it out.'))),
    windows_license_key: Type.Optional(
      Nullable(LineText(100, 'XXXXX', { description: 'Not available. Leave it out.' })),
    ),
  },
  {
    // A request that works as it is, once that SSH key exists.
    example: {
      name: 'web-1',
      image: 'debian-12',
      datacenter: 'fsn1',
      resource_profile: 'nano_shared',
      network_stack: 'dual_stack',
      auth_method: 'ssh_key',
      ssh_key_id: 12,
      configuration: { auto_start: true },
      custom_cloud_init: '#cloud-config\npackages: [nginx]\n',
    },
  },
);
export type CreateVps = Static<typeof CreateVps>;

const REINSTALL = 'Reinstall the server.';

export const UpdateVps = Component(
  'UpdateVps',
  {
    name: Type.Optional({
      ...Name,
      description:
        'The host name inside the server stays the same until it is reinstalled, or changed in it with `hostnamectl`.',
    }),
    image: Fixed(ImageName, REINSTALL),
    datacenter: Fixed(LineText(40, 'fsn1')),
    network_stack: Fixed(NetworkStack),
    auth_method: Fixed(AuthMethod, REINSTALL),
    ssh_key_id: Fixed(NumberId(12), REINSTALL),
    cpu_allocation_type: Type.Optional(AllocationType),
    resource_profile: Type.Optional(Nullable(PlanName)),
    configuration: Type.Optional(Configuration),
    ...settingChanges,
  },
  { minProperties: 1, example: { name: 'web-2', resource_profile: 'micro_shared' } },
);
export type UpdateVps = Static<typeof UpdateVps>;

export const ReinstallVps = Component(
  'ReinstallVps',
  {
    image: ImageName,
    auth_method: Type.Optional(Nullable(AuthMethod)),
    ssh_key_id: Type.Optional(
      Nullable(
        NumberId(12, 'Without it, the server’s key is installed again, as long as the team still has it.'),
      ),
    ),
    password: Type.Optional(Password('Without it, the password stays.')),
    password_confirmation: Type.Optional(PasswordConfirmation),
    custom_cloud_init: Type.Optional(CustomCloudInit),
  },
  // A request that works for any server.
  { example: { image: 'debian-12', custom_cloud_init: '#cloud-config\npackages: [nginx]\n' } },
);
export type ReinstallVps = Static<typeof ReinstallVps>;

export const CreatedVps = Component('VpsCreated', {
  message: Message('The server is being created.'),
  instance: Vps,
  firewall_created: Type.Boolean({
    example: true,
    description: 'Whether a default firewall was created with it.',
  }),
  warnings: Warnings,
  operation_id: OperationId,
});

export const ShownVps = Component('VpsResponse', {
  instance: Vps,
  connection_info: Component('VpsConnectionInfo', {
    public_ip: Address4,
    private_ip: Address4,
    ipv6_address: Address6,
    vnc_access_url: Nullable(Text(500, 'https://example.org/console')),
    internal_dns: Text(255, 'ip-10-64-0-10'),
    internal_fqdn: Text(255, 'ip-10-64-0-10.danube.internal'),
  }),
  monthly_cost: Decimal(4.49),
});

export const UpdatedVps = Component('VpsUpdated', {
  message: Message('The server is being updated.'),
  instance: Vps,
  warnings: Warnings,
  operation_id: Nullable(OperationId),
});

/** The response to an action; `status` is the server's status during the action. */
export const VpsAction = (status: VpsStatus, message: string) =>
  ActionAnswer('Vps', VPS_STATUSES, status, message);

export const VpsStatusView = Component('VpsStatusResponse', {
  status: Status,
  status_label: StatusLabel,
  status_color: Enum(['green', 'gray', 'yellow', 'red']),
  can_be_started: Type.Boolean({ example: false }),
  can_be_stopped: Type.Boolean({ example: true }),
  can_be_rebooted: Type.Boolean({ example: true }),
  can_be_destroyed: Type.Boolean({ example: false }),
  is_transitional: Type.Boolean({
    example: false,
    description: 'Whether the status is about to change: poll again.',
  }),
  updated_at: Nullable(Timestamp()),
});

export const VpsPassword = Component('VpsPassword', {
  password: Nullable(Text(128, 'kT7wq2mXf9RzcV4h')),
  username: Enum(['root']),
  public_ip: Address4,
  auth_method: AuthMethod,
});

export const VpsLogQuery = Obj({
  log: Type.Optional(
    Enum(['console', 'cloud-init', 'cloud-init-output'], {
      example: 'cloud-init-output',
      description:
        '`console` (the default): what was written to the console since the server started. `cloud-init`: what cloud-init ' +
        'did. `cloud-init-output`: what the commands in the user-data printed.',
    }),
  ),
});

export const VpsLog = Diagnostic('VpsLog', {
  available: Type.Boolean({ example: true }),
  log: Enum(['console', 'cloud-init', 'cloud-init-output']),
  text: Nullable(
    Text(262_144, 'Cloud-init v. 22.4.2 finished at Thu, 15 Jan 2026 09:30:00 +0000.', {
      description: 'The last 256 KiB. Null where there is no such log; `meta.reason` says why.',
    }),
  ),
});
