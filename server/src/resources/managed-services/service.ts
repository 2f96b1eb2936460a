import type { Config } from '../../config.ts';
import type { DataPlane } from '../../dataplane/contract/data-plane.ts';
import type { Database, Queryable, Tx } from '../../db/database.ts';
import { pageOf } from '../../http/pagination.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { takeQuota } from '../../identity/teams/quotas.ts';
import { type AddressPools, allotAddresses } from '../../instances/addresses.ts';
import { promiseInstance } from '../../instances/capacity.ts';
import { acceptForInstance, targetOf } from '../../instances/lifecycle.ts';
import type { InstanceQuery } from '../../instances/listing.ts';
import type { StorageGuard } from '../../instances/storage-guard.ts';
import { insertInstance } from '../../instances/store.ts';
import type { SecretBox } from '../../lib/crypto.ts';
import { AppError, invalidState, notFound } from '../../lib/errors.ts';
import { UUID, uuidv7 } from '../../lib/ids.ts';
import { accept } from '../../operations/accept.ts';
import type { AcceptedOperation } from '../../operations/operations-store.ts';
import { NOTHING_SEEN, type Observation, type PassClock } from '../../reconcilers/reconcilers.ts';
import type { Parameters } from '../../services/check-parameters.ts';
import { findProvider } from '../../services/registry.ts';
import { createDefaultFirewall, serviceRules } from '../firewalls/defaults.ts';
import { assertPlanHolds, parameterTarget } from '../parameter-groups/resolution.ts';
import { assertNotBeingCloned } from '../snapshots/rules.ts';
import {
  autoscaleColumns,
  describeChanges,
  engineChanges,
  parameterColumns,
  type UpdateRequest,
} from './changes.ts';
import { type Changes, splitColumns, writeChanges } from './columns.ts';
import { KINDS, type Kind } from './kinds.ts';
import { type CreateArgs, serviceOperations, updatableColumns } from './operations.ts';
import { requestPublication } from './publication.ts';
import { newPassword, requestRotation } from './rotation.ts';
import { type CreateRequest, checkCreate } from './rules.ts';
import { ACTIONS, allowedActions, refusal } from './states.ts';
import {
  findService,
  listServices,
  lockService,
  type ManagedService,
  type NewServiceColumns,
  takePublicPort,
  warnOfName,
} from './store.ts';
import { viewConnection, viewCredentials, viewService } from './view.ts';

export interface ServiceDependencies {
  config: Pick<Config, 'storagePriceCents'>;
  database: Database;
  plane: DataPlane;
  storage: StorageGuard;
  secrets: SecretBox;
  pools: AddressPools;
  clock: PassClock;
  /** IPv4 address of the host at which published ports are reached; null: no port can be published. */
  publicAddress: string | null;
}

export interface NewService extends CreateRequest {
  name: string;
  autoscale?: NonNullable<UpdateRequest['autoscale']>;
}

/** What principals can do with databases, or caches. Methods with a transaction parameter write in that transaction. */
export class ServiceActions {
  readonly kind: 'database' | 'cache';
  readonly config: ServiceDependencies['config'];
  readonly #plane: DataPlane;
  readonly #storage: StorageGuard;
  readonly #secrets: SecretBox;
  readonly #pools: AddressPools;
  readonly #clock: PassClock;
  readonly #publicAddress: string | null;
  readonly #db: Queryable;
  readonly #noun: 'database' | 'cache';
  readonly #label: 'Database' | 'Cache';

  constructor(kind: Kind, dependencies: ServiceDependencies) {
    const { database, plane, storage, secrets, pools, clock, publicAddress } = dependencies;
    const { db } = database;
    const { noun, label } = KINDS[kind];
    this.kind = kind;
    this.config = dependencies.config;
    this.#plane = plane;
    this.#storage = storage;
    this.#secrets = secrets;
    this.#pools = pools;
    this.#clock = clock;
    this.#publicAddress = publicAddress;
    this.#db = db;
    this.#noun = noun;
    this.#label = label;
  }

  async find(principal: TeamPrincipal, id: string): Promise<ManagedService> {
    const found = UUID.test(id) ? await findService(this.#db, principal.team.id, this.kind, id) : undefined;
    if (!found) throw notFound(this.#label);
    return found;
  }

  async #lock(tx: Tx, principal: TeamPrincipal, id: string): Promise<ManagedService> {
    const found = UUID.test(id) ? await lockService(tx, principal.team.id, this.kind, id) : undefined;
    if (!found) throw notFound(this.#label);
    return found;
  }

  #view(row: ManagedService, seen: Observation) {
    return viewService(row, { seen, publicAddress: this.#publicAddress });
  }

  async list(principal: TeamPrincipal, query: InstanceQuery) {
    const [page, seen] = await Promise.all([
      listServices(this.#db, principal.team.id, this.kind, query),
      this.#clock.observe(),
    ]);
    return pageOf(
      page.rows.map((row) => this.#view(row, seen)),
      page,
      query,
    );
  }

  async create(tx: Tx, principal: TeamPrincipal, body: NewService) {
    const { provider, version, plan, parameters } = await checkCreate(
      tx,
      this.#plane,
      principal.team.id,
      this.kind,
      body,
    );
    return this.add(tx, principal, {
      name: body.name,
      provider: provider.id,
      version,
      ...plan,
      datacenter: body.datacenter,
      database_name: body.databaseName ?? null,
      username: provider.username,
      ...parameterColumns(parameters),
      ...autoscaleColumns(body.autoscale),
    });
  }

  /** Inserts a new instance with these columns; `args` are the arguments of its create operation. */
  async add(tx: Tx, principal: TeamPrincipal, columns: NewServiceColumns, args: CreateArgs = {}) {
    const parameters = JSON.parse(String(columns.effective_parameters)) as Parameters;
    await assertPlanHolds(this.#plane, parameterTarget(this.kind, columns), parameters);
    await takeQuota(tx, principal.team.id, this.kind);
    const id = uuidv7();
    const addresses = await allotAddresses(tx, principal.team.id, id, this.#pools);
    const { shared, own } = splitColumns(columns);
    const { team, accountId: user_id } = principal;
    const instance = { id, kind: this.kind, team_id: team.id, user_id, ...shared, ...addresses };
    const inserted = await insertInstance(tx, instance, { hasVolume: true });
    const password_sealed = newPassword(this.#secrets);
    const service = await tx
      .insertInto('managed_services')
      .values({ id, ...own, password_sealed })
      .returningAll()
      .executeTakeFirstOrThrow();
    const row = { ...inserted, ...service };
    const { tls, plain } = findProvider(columns.provider)!.ports;
    const ports = plain === null ? [tls] : [tls, plain];
    const rules = await serviceRules(tx, principal.team.id, ports);
    await createDefaultFirewall(tx, row, rules);
    // Its status is `pending` until a worker begins.
    const operation = await accept(tx, principal, targetOf(row), serviceOperations.create, args);
    await promiseInstance(tx, this.#storage, principal.team.id, row);
    return {
      message: `The ${this.#noun} is being created. Ask for its status until it is running.`,
      instance: this.#view(row, NOTHING_SEEN),
      warnings: await warnOfName(tx, row),
      operation_id: operation.id,
    };
  }

  async show(principal: TeamPrincipal, id: string) {
    const [row, seen] = await Promise.all([this.find(principal, id), this.#clock.observe()]);
    return {
      instance: this.#view(row, seen),
      connection_info: viewConnection(row, this.#publicAddress),
      monthly_cost: row.price_cents / 100,
    };
  }

  async credentials(principal: TeamPrincipal, id: string) {
    return viewCredentials(await this.find(principal, id), {
      secrets: this.#secrets,
      publicAddress: this.#publicAddress,
    });
  }

  async act(tx: Tx, principal: TeamPrincipal, id: string, action: keyof typeof ACTIONS) {
    const row = await this.#lock(tx, principal, id);
    const { permission, desired, status, message } = ACTIONS[action];
    if (!allowedActions(row)[permission])
      throw invalidState(refusal(row, permission, this.#noun), row.status);
    if (action === 'delete') await assertNotBeingCloned(tx, row, this.#noun);
    const operation = await acceptForInstance(tx, principal, row, serviceOperations[action], {}, desired);
    return { message: `The ${this.#noun} ${message}.`, status, operation_id: operation.id };
  }

  /** `checkFixed` throws where the request changes what cannot be changed; it gets what is shown now. */
  async update(
    tx: Tx,
    principal: TeamPrincipal,
    id: string,
    body: UpdateRequest,
    checkFixed: (shown: object) => void,
  ) {
    const row = await this.#lock(tx, principal, id);
    if (row.desired === 'deleted') throw invalidState(`The ${this.#noun} is being deleted.`, row.status);
    checkFixed({ ...this.#view(row, NOTHING_SEEN), provider: row.provider });
    const changes = await engineChanges(tx, { plane: this.#plane, config: this.config }, row, body);
    const own: Changes = {
      ...(body.name === undefined ? {} : { name: body.name }),
      ...body.settings,
      ...autoscaleColumns(body.autoscale),
    };
    const operation = await this.updateEngine(tx, principal, row, changes, own);
    const updated = await this.#lock(tx, principal, id);
    const field = changes.plan === undefined ? 'storage_size_gb' : 'resource_profile';
    await promiseInstance(tx, this.#storage, principal.team.id, updated, { present: row, field });
    const waits = !operation && Object.keys(changes).length > 0;
    return {
      message: operation
        ? `The ${this.#noun} is being updated.`
        : `The ${this.#noun} was updated.${waits ? ' What changed takes effect when it is started.' : ''}`,
      instance: this.#view(updated, NOTHING_SEEN),
      warnings: body.name === undefined ? [] : await warnOfName(tx, updated),
      operation_id: operation?.id ?? null,
    };
  }

  /** Writes changed columns, and accepts an operation for those that must be applied to the instance. */
  async updateEngine(
    tx: Tx,
    principal: TeamPrincipal,
    row: ManagedService,
    changes: Changes,
    own: Changes = {},
  ): Promise<AcceptedOperation | null> {
    await writeChanges(tx, row.id, { ...own, ...changes });
    if (Object.keys(changes).length === 0) return null;
    // Its next start applies all settings. A wrong parameter may even be the cause of the error.
    if (row.status === 'error') return null;
    return acceptForInstance(tx, principal, row, serviceOperations.update, {
      running: row.desired === 'running',
      restart: changes.plan !== undefined,
      what: describeChanges(row, changes),
      previous: updatableColumns(row),
    });
  }

  /** Gives it a new password, beside which the present one works for `overlapSeconds`. */
  async rotate(tx: Tx, principal: TeamPrincipal, id: string, overlapSeconds: number) {
    const row = await this.#lock(tx, principal, id);
    if (row.desired === 'deleted') throw invalidState(`The ${this.#noun} is being deleted.`, row.status);
    return requestRotation(tx, principal, row, { secrets: this.#secrets, overlapSeconds, noun: this.#noun });
  }

  async publish(tx: Tx, principal: TeamPrincipal, id: string) {
    const row = await this.#lock(tx, principal, id);
    if (row.desired === 'deleted') throw invalidState(`The ${this.#noun} is being deleted.`, row.status);
    if (this.#publicAddress === null) {
      throw new AppError(
        'not_available',
        'This install has no public address. The operator can set DANUBE_PUBLIC_ADDRESS.',
      );
    }
    const port = row.public_port ?? (await takePublicPort(tx, this.#pools.ports));
    if (port === null) throw new AppError('not_available', 'This install has no public port left.');
    const operation = await requestPublication(tx, principal, row, { published: true, port });
    return {
      message: operation
        ? `The ${this.#noun} is being published.`
        : `The ${this.#noun} is published already.`,
      dns_hostname: this.#publicAddress,
      dns_port: port,
      operation_id: operation?.id ?? null,
    };
  }

  async withdraw(tx: Tx, principal: TeamPrincipal, id: string) {
    const row = await this.#lock(tx, principal, id);
    if (row.desired === 'deleted') throw invalidState(`The ${this.#noun} is being deleted.`, row.status);
    const operation = await requestPublication(tx, principal, row, {
      published: false,
      port: row.public_port,
    });
    return {
      message: operation ? `The ${this.#noun} is being withdrawn.` : `The ${this.#noun} is not published.`,
      operation_id: operation?.id ?? null,
    };
  }
}
