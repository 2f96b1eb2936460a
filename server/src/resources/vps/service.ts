import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import { INTERNAL_DOMAIN, internalName } from '../../dataplane/contract/networks.ts';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import { refuseChanges } from '../../http/fixed.ts';
import { pageOf } from '../../http/pagination.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { takeQuota } from '../../identity/teams/quotas.ts';
import { type AddressPools, allotAddresses } from '../../instances/addresses.ts';
import { promiseInstance } from '../../instances/capacity.ts';
import { acceptForInstance, targetOf } from '../../instances/lifecycle.ts';
import type { InstanceQuery } from '../../instances/listing.ts';
import { pickSettings } from '../../instances/settings.ts';
import type { StorageGuard } from '../../instances/storage-guard.ts';
import { insertInstance, updateInstance } from '../../instances/store.ts';
import { randomText, type SecretBox } from '../../lib/crypto.ts';
import { invalidState, notFound } from '../../lib/errors.ts';
import { UUID, uuidv7 } from '../../lib/ids.ts';
import { accept } from '../../operations/accept.ts';
import { NOTHING_SEEN, type PassClock } from '../../reconcilers/reconcilers.ts';
import { createDefaultFirewall, serverRules } from '../firewalls/defaults.ts';
import { vpsOperations } from './operations.ts';
import { checkCreate, checkReinstall, planChange } from './rules.ts';
import { type CreateVps, type ReinstallVps, UpdateVps } from './schema.ts';
import { settingsOf } from './spec.ts';
import { allowedActions, type VpsStatus } from './states.ts';
import { findVps, listVps, lockVps, type PlanColumns, updateVps, type Vps, warnOfName } from './store.ts';
import { viewVps } from './view.ts';
import { warnOfCreation, warnOfUpdate } from './warnings.ts';

export interface VpsServiceDependencies {
  database: Database;
  plane: DataPlane;
  storage: StorageGuard;
  secrets: SecretBox;
  pools: AddressPools;
  clock: PassClock;
}

/**
 * What principals can do with VPS. Methods with a transaction parameter write in that transaction; work starts when it
 * commits.
 */
export class VpsService {
  readonly #plane: DataPlane;
  readonly #storage: StorageGuard;
  readonly #secrets: SecretBox;
  readonly #pools: AddressPools;
  readonly #clock: PassClock;
  readonly #db: Queryable;

  constructor({ database, plane, storage, secrets, pools, clock }: VpsServiceDependencies) {
    const { db } = database;
    this.#plane = plane;
    this.#storage = storage;
    this.#secrets = secrets;
    this.#pools = pools;
    this.#clock = clock;
    this.#db = db;
  }

  async find(principal: TeamPrincipal, id: string): Promise<Vps> {
    const vps = UUID.test(id) ? await findVps(this.#db, principal.team.id, id) : undefined;
    if (!vps) throw notFound('VPS');
    return vps;
  }

  async #lock(tx: Tx, principal: TeamPrincipal, id: string): Promise<Vps> {
    const vps = UUID.test(id) ? await lockVps(tx, principal.team.id, id) : undefined;
    if (!vps) throw notFound('VPS');
    return vps;
  }

  async list(principal: TeamPrincipal, query: InstanceQuery) {
    const [page, seen] = await Promise.all([
      listVps(this.#db, principal.team.id, query),
      this.#clock.observe(),
    ]);
    return pageOf(
      page.rows.map((row) => viewVps(row, seen)),
      page,
      query,
    );
  }

  async create(tx: Tx, principal: TeamPrincipal, body: CreateVps) {
    const { plan, authorizedKey } = await checkCreate(tx, this.#plane, principal.team.id, body);
    await takeQuota(tx, principal.team.id, 'vps');
    const id = uuidv7();
    const addresses = await allotAddresses(tx, principal.team.id, id, this.#pools);
    const stack = body.network_stack ?? 'dual_stack';
    const password = body.password ?? randomText(20);
    const { cpu_allocation_type, ...shared } = plan;
    const instance = await insertInstance(tx, {
      id,
      kind: 'vps',
      team_id: principal.team.id,
      user_id: principal.accountId,
      name: body.name,
      datacenter: body.datacenter,
      ...shared,
      ipv4: stack === 'ipv6_only' ? null : addresses.ipv4,
      ipv6: stack === 'ipv4_only' ? null : addresses.ipv6,
    });
    const own = await tx
      .insertInto('vps')
      .values({
        id,
        cpu_allocation_type,
        image: body.image,
        auth_method: body.auth_method,
        ssh_key_id: body.auth_method === 'ssh_key' ? (body.ssh_key_id ?? null) : null,
        authorized_key: authorizedKey,
        password_sealed: this.#secrets.seal(password),
        network_stack: stack,
        custom_cloud_init_sealed: body.custom_cloud_init ? this.#secrets.seal(body.custom_cloud_init) : null,
        auto_start: body.configuration?.auto_start ?? true,
        backup_enabled: body.configuration?.backup_enabled ?? false,
        monitoring_enabled: body.configuration?.monitoring_enabled ?? true,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const vps = { ...instance, ...own };
    await createDefaultFirewall(tx, vps, serverRules());
    // Its status is `pending` until a worker begins.
    const operation = await accept(tx, principal, targetOf(vps), vpsOperations.create, { image: body.image });
    await promiseInstance(tx, this.#storage, principal.team.id, vps);
    return {
      message: 'The server is being created. Ask for its status until it is running.',
      instance: viewVps(vps, NOTHING_SEEN),
      firewall_created: true,
      warnings: [...(await warnOfName(tx, vps)), ...warnOfCreation(body)],
      operation_id: operation.id,
    };
  }

  async show(principal: TeamPrincipal, id: string) {
    const [vps, seen] = await Promise.all([this.find(principal, id), this.#clock.observe()]);
    const name = internalName({ ipv4: vps.ipv4, ipv6: vps.ipv6 });
    return {
      instance: viewVps(vps, seen),
      connection_info: {
        public_ip: vps.ipv4,
        private_ip: vps.ipv4,
        ipv6_address: vps.ipv6,
        vnc_access_url: null,
        internal_dns: name,
        internal_fqdn: `${name}.${INTERNAL_DOMAIN}`,
      },
      monthly_cost: vps.price_cents / 100,
    };
  }

  async update(tx: Tx, principal: TeamPrincipal, id: string, body: UpdateVps) {
    const vps = await this.#lock(tx, principal, id);
    if (vps.desired === 'deleted') throw invalidState('The server is being deleted.', vps.status);
    refuseChanges(UpdateVps, 'server', viewVps(vps, NOTHING_SEEN), body);
    const plan = await planChange(tx, vps, body);
    const { auto_start, backup_enabled, monitoring_enabled } = { ...vps, ...body.configuration };
    const { name } = { ...vps, ...body };
    const next = { ...vps, ...plan, auto_start };
    const { cpu_allocation_type, ...shared } = plan ?? planOf(vps);
    await updateInstance(tx, vps.id, { ...shared, name, ...pickSettings(body) });
    await updateVps(tx, vps.id, { cpu_allocation_type, auto_start, backup_enabled, monitoring_enabled });
    // A failed server has no instance to change, or one that a reinstall will replace.
    const restarts = auto_start !== vps.auto_start && vps.status !== 'error';
    const previous = { ...planOf(vps), auto_start: vps.auto_start };
    const args = { settings: settingsOf(next), previous };
    const operation =
      plan || restarts ? await acceptForInstance(tx, principal, vps, vpsOperations.update, args) : null;
    const updated = await this.#lock(tx, principal, id);
    await promiseInstance(tx, this.#storage, principal.team.id, updated, { present: vps });
    return {
      message: operation ? 'The server is being updated.' : 'The server was updated.',
      instance: viewVps(updated, NOTHING_SEEN),
      warnings: [
        ...(body.name === undefined ? [] : await warnOfName(tx, updated)),
        ...warnOfUpdate(vps, body),
      ],
      operation_id: operation?.id ?? null,
    };
  }

  /** The actions without arguments, and the message of each. */
  async act(tx: Tx, principal: TeamPrincipal, id: string, kind: 'start' | 'stop' | 'reboot' | 'delete') {
    const vps = await this.#lock(tx, principal, id);
    const rule = ACTIONS[kind];
    if (!allowedActions(vps)[rule.permission]) throw invalidState(refusal(vps, kind), vps.status);
    const operation = await acceptForInstance(tx, principal, vps, vpsOperations[kind], {}, rule.desired);
    return {
      message: rule.message,
      status: vpsOperations[kind].during as VpsStatus,
      operation_id: operation.id,
    };
  }

  async reinstall(tx: Tx, principal: TeamPrincipal, id: string, body: ReinstallVps) {
    const vps = await this.#lock(tx, principal, id);
    if (!allowedActions(vps).reinstall) throw invalidState('The server is being deleted.', vps.status);
    const { password, ...login } = await checkReinstall(tx, this.#plane, vps, body);
    const sealed = (text: string | null | undefined) =>
      text ? this.#secrets.seal(text).toString('base64') : null;
    const args = {
      image: body.image,
      customCloudInitSealed: sealed(body.custom_cloud_init),
      login: { ...login, passwordSealed: sealed(password) },
    };
    const operation = await acceptForInstance(tx, principal, vps, vpsOperations.reinstall, args, 'running');
    return {
      message: 'The server is being reinstalled: all data on its disk is replaced.',
      status: 'reinstalling' as VpsStatus,
      operation_id: operation.id,
    };
  }

  async password(principal: TeamPrincipal, id: string) {
    const vps = await this.find(principal, id);
    return {
      password: this.#secrets.open(vps.password_sealed),
      username: 'root' as const,
      public_ip: vps.ipv4,
      auth_method: vps.auth_method as 'ssh_key' | 'password',
    };
  }
}

/** The columns that the plan determines. */
function planOf(vps: Vps): PlanColumns {
  const { plan, cpu_allocation_type, vcpu, memory_mb, disk_gb, price_cents } = vps;
  return { plan, cpu_allocation_type, vcpu, memory_mb, disk_gb, price_cents };
}

const ACTIONS = {
  start: { permission: 'start', desired: 'running', message: 'The server is starting.' },
  stop: { permission: 'stop', desired: 'stopped', message: 'The server is stopping.' },
  reboot: { permission: 'reboot', desired: undefined, message: 'The server is rebooting.' },
  delete: { permission: 'destroy', desired: 'deleted', message: 'The server is being deleted.' },
} as const;

function refusal(vps: Vps, kind: 'start' | 'stop' | 'reboot' | 'delete'): string {
  if (vps.desired === 'deleted') return 'The server is being deleted.';
  if (vps.status === 'error') {
    return 'The server has a problem (see status_details.error). Restore a snapshot of it, reinstall or delete it.';
  }
  if (kind === 'delete') return 'The server is running. Stop it before you delete it.';
  if (kind === 'start') return 'The server is running already, or about to.';
  if (kind === 'stop') return 'The server is stopped already, or about to.';
  return 'The server is stopped, or about to. Start it first.';
}
