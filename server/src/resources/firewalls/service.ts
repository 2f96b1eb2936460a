import type { Database, Queryable, Tx } from '../../db/database.ts';
import { record } from '../../events/store.ts';
import { refuseChanges } from '../../http/fixed.ts';
import { pageOf } from '../../http/pagination.ts';
import type { TeamPrincipal } from '../../http/principal.ts';
import { releaseQuota, takeQuota } from '../../identity/teams/quotas.ts';
import { nounOf } from '../../instances/kinds.ts';
import { invalidState, notFound } from '../../lib/errors.ts';
import { UUID, uuidv7 } from '../../lib/ids.ts';
import { acceptApply } from './acceptance.ts';
import { deployColumns, draftColumns } from './columns.ts';
import { firewallEvents } from './events.ts';
import type { InstanceName } from './rule.ts';
import { checkRules, FieldErrorList } from './rules.ts';
import type {
  CreateFirewall,
  DeployFirewall,
  FirewallAttachment,
  FirewallQuery,
  TestFirewall,
} from './schema.ts';
import { UpdateFirewall } from './schema.ts';
import { simulatePacket } from './simulate-packet.ts';
import {
  type Firewall,
  findFirewall,
  jsonb,
  listAttachments,
  pageOfFirewalls,
  updateFirewall,
  warnOfName,
  writeAttachments,
} from './store.ts';
import {
  assertNotTooLarge,
  attachedTo,
  checkAttached,
  checkRoom,
  findNamed,
  lockTeam,
  pick,
  readInstances,
  readTeam,
  type TeamFirewalls,
} from './team-firewalls.ts';
import { viewFirewall } from './view.ts';

/** What principals can do with firewalls. Methods with a transaction parameter write in that transaction. */
export class FirewallService {
  readonly #db: Queryable;

  constructor(database: Database) {
    const { db } = database;
    this.#db = db;
  }

  async list(principal: TeamPrincipal, query: FirewallQuery) {
    const [page, attachments, instances] = await Promise.all([
      pageOfFirewalls(this.#db, principal.team.id, query),
      listAttachments(this.#db, principal.team.id),
      readInstances(this.#db, principal.team.id),
    ]);
    return pageOf(
      page.rows.map((row) => viewFirewall(row, attachments, instances)),
      page,
      query,
    );
  }

  async show(principal: TeamPrincipal, id: string) {
    return { firewall: await this.#view(this.#db, principal, id) };
  }

  async #view(from: Queryable, principal: TeamPrincipal, id: string) {
    const firewall = UUID.test(id) ? await findFirewall(from, principal.team.id, id) : undefined;
    if (!firewall) throw notFound('Firewall');
    const attachments = await listAttachments(from, principal.team.id);
    return viewFirewall(firewall, attachments, await readInstances(from, principal.team.id));
  }

  async create(tx: Tx, principal: TeamPrincipal, body: CreateFirewall) {
    const team = await lockTeam(tx, principal.team.id);
    const errors = new FieldErrorList();
    const rules = checkRules(body.rules ?? [], [], team.instances, errors);
    const id = uuidv7();
    const attached = checkAttached(team, id, body.attached_instances ?? [], errors);
    errors.throw();
    assertNotTooLarge(team, { id, name: body.name, rules, attached });
    await takeQuota(tx, principal.team.id, 'firewall');
    const firewall = { id, team_id: principal.team.id };
    await tx
      .insertInto('firewalls')
      .values({
        ...firewall,
        name: body.name,
        description: body.description ?? null,
        status: 'draft',
        rules: jsonb(rules),
        effective_rules: jsonb(rules),
      })
      .execute();
    await writeAttachments(tx, firewall, attached);
    await record(tx, firewallEvents.created, subject(firewall), {});
    const operation = attached.length > 0 ? await acceptApply(tx, principal, id) : null;
    return {
      message: operation
        ? 'The firewall was created and is being applied.'
        : 'The firewall was created. It protects nothing until it is attached.',
      firewall: await this.#view(tx, principal, id),
      warnings: await warnOfName(tx, { ...firewall, name: body.name }),
      operation_id: operation,
    };
  }

  async update(tx: Tx, principal: TeamPrincipal, id: string, body: UpdateFirewall) {
    const team = await lockTeam(tx, principal.team.id);
    const firewall = pick(team, id);
    const errors = new FieldErrorList();
    const rules = body.rules
      ? checkRules(body.rules, firewall.rules, team.instances, errors)
      : firewall.rules;
    refuseChanges(UpdateFirewall, 'firewall', await this.#view(tx, principal, id), body);
    if (['applying', 'error'].includes(body.status ?? '') && body.status !== firewall.status) {
      errors.add('status', 'The status can be set to draft or to active.');
    }
    const before = attachedTo(team, id);
    const attached = body.attached_instances
      ? checkAttached(team, firewall.id, body.attached_instances, errors)
      : before;
    errors.throw();
    const asDraft = body.status === 'draft';
    const deploys = !asDraft && (body.rules != null || body.status === 'active');
    const moves = !sameInstances(before, attached);
    // Checks drafts as if they were deployed, so that they can be deployed later.
    const inForce = body.rules || deploys ? rules : firewall.effective_rules;
    if (body.rules || deploys || moves) {
      assertNotTooLarge(team, { id: firewall.id, name: firewall.name, rules: inForce, attached });
    }
    await updateFirewall(tx, firewall.id, {
      name: body.name ?? firewall.name,
      description: body.description === undefined ? firewall.description : body.description,
      rules: jsonb(rules),
      ...(asDraft && body.rules ? draftColumns(firewall, rules) : {}),
      ...(deploys ? deployColumns(rules) : {}),
    });
    await writeAttachments(tx, firewall, attached);
    await record(tx, firewallEvents.updated, subject(firewall), {});
    // A firewall that protects nothing and never did has nothing to apply.
    const isUnused = attached.length === 0 && before.length === 0 && firewall.status === 'draft';
    const operation = (deploys || moves) && !isUnused ? await acceptApply(tx, principal, firewall.id) : null;
    return {
      message: operation ? 'The firewall is being applied.' : 'The firewall was saved.',
      firewall: await this.#view(tx, principal, id),
      warnings: body.name === undefined ? [] : await warnOfName(tx, { ...firewall, name: body.name }),
      operation_id: operation,
    };
  }

  async attach(tx: Tx, principal: TeamPrincipal, id: string, body: FirewallAttachment) {
    const team = await lockTeam(tx, principal.team.id);
    const firewall = pick(team, id);
    const instance = findNamed(team, body);
    const attached = attachedTo(team, firewall.id);
    const noun = nounOf(instance.kind);
    if (attached.some((present) => present.id === instance.id)) {
      return answer(firewall, `The firewall is attached to this ${noun} already.`, null);
    }
    const errors = new FieldErrorList();
    checkRoom(team, firewall.id, { id: instance.id, type: instance.kind }, 'instance_id', errors);
    errors.throw();
    const next = [...attached, { id: instance.id, type: instance.kind }];
    return this.#move(tx, principal, team, firewall, next, `The firewall is being attached to the ${noun}.`);
  }

  async detach(tx: Tx, principal: TeamPrincipal, id: string, body: FirewallAttachment) {
    const team = await lockTeam(tx, principal.team.id);
    const firewall = pick(team, id);
    const instance = findNamed(team, body);
    const attached = attachedTo(team, firewall.id);
    const next = attached.filter((present) => present.id !== instance.id);
    const noun = nounOf(instance.kind);
    if (next.length === attached.length) {
      return answer(firewall, `The firewall is not attached to this ${noun}.`, null);
    }
    return this.#move(
      tx,
      principal,
      team,
      firewall,
      next,
      `The firewall is being detached from the ${noun}.`,
    );
  }

  async #move(
    tx: Tx,
    principal: TeamPrincipal,
    team: TeamFirewalls,
    firewall: Firewall,
    attached: InstanceName[],
    message: string,
  ) {
    const { id, name, effective_rules: rules } = firewall;
    assertNotTooLarge(team, { id, name, rules, attached });
    await writeAttachments(tx, firewall, attached);
    return answer({ ...firewall, status: 'applying' }, message, await acceptApply(tx, principal, id));
  }

  async deploy(tx: Tx, principal: TeamPrincipal, id: string, body: DeployFirewall) {
    const team = await lockTeam(tx, principal.team.id);
    const firewall = pick(team, id);
    const { rules, name } = firewall;
    assertNotTooLarge(team, { id: firewall.id, name, rules, attached: attachedTo(team, firewall.id) });
    const seconds = body.confirm_within ?? null;
    const confirmBy = seconds === null ? null : new Date(Date.now() + seconds * 1000);
    await updateFirewall(tx, firewall.id, {
      ...deployColumns(rules),
      confirm_by: confirmBy,
      // After several unconfirmed deploys, the rules before the first of them are restored.
      rollback_rules: confirmBy && jsonb(firewall.rollback_rules ?? firewall.effective_rules),
    });
    const operation = await acceptApply(tx, principal, firewall.id);
    const message = confirmBy
      ? `The firewall is being applied. Unless you confirm within ${seconds} seconds, the rules before come back.`
      : 'The firewall is being applied.';
    return answer({ status: 'applying', confirm_by: confirmBy }, message, operation);
  }

  async confirm(tx: Tx, principal: TeamPrincipal, id: string) {
    const firewall = pick(await lockTeam(tx, principal.team.id), id);
    if (firewall.confirm_by === null) {
      throw invalidState(
        'No deploy of this firewall waits to be confirmed. It may have been too late: look at its status.',
        firewall.status,
      );
    }
    await updateFirewall(tx, firewall.id, { confirm_by: null, rollback_rules: null });
    await record(tx, firewallEvents.confirmed, subject(firewall), {});
    return answer({ ...firewall, confirm_by: null }, 'The deploy is confirmed: its rules stay.', null);
  }

  async remove(tx: Tx, principal: TeamPrincipal, id: string) {
    const team = await lockTeam(tx, principal.team.id);
    const firewall = pick(team, id);
    // Instances that are being deleted need it no more, even if that takes a while.
    const attached = attachedTo(team, firewall.id).filter(
      ({ id }) => team.instances.get(id)?.desired !== 'deleted',
    );
    if (attached.length > 0) {
      const names = attached
        .slice(0, 5)
        .map(({ id, type }) => `${nounOf(type)} ${team.instances.get(id)?.name}`);
      const more = attached.length > names.length ? ` and ${attached.length - names.length} more` : '';
      throw invalidState(
        `The firewall is attached to: ${names.join(', ')}${more}. Detach it first.`,
        firewall.status,
      );
    }
    await writeAttachments(tx, firewall, []);
    await record(tx, firewallEvents.deleted, subject(firewall), {});
    await tx.deleteFrom('firewalls').where('id', '=', firewall.id).execute();
    if (firewall.default_of === null) await releaseQuota(tx, principal.team.id, 'firewall');
    return { message: 'The firewall was deleted.' };
  }

  async test(principal: TeamPrincipal, id: string, body: TestFirewall) {
    const team = await readTeam(this.#db, principal.team.id);
    return simulatePacket(pick(team, id), team, body);
  }
}

const sameInstances = (a: readonly InstanceName[], b: readonly InstanceName[]): boolean =>
  a.length === b.length && a.every(({ id }) => b.some((other) => other.id === id));

const answer = (
  { status, confirm_by }: Pick<Firewall, 'status' | 'confirm_by'>,
  message: string,
  operation: string | null,
) => ({
  message,
  status: status as 'draft' | 'active' | 'applying' | 'error',
  confirm_by: confirm_by?.toISOString() ?? null,
  operation_id: operation,
});

const subject = ({ id, team_id }: Pick<Firewall, 'id' | 'team_id'>) => ({
  teamId: team_id,
  resourceType: 'firewall',
  resourceId: id,
});
