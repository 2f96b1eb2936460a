import type { Images } from '../../dataplane/contract/images.ts';
import type { Queryable } from '../../db/database.ts';
import { findImage } from '../../images/catalog.ts';
import { checkCloudInit } from '../../images/custom-cloud-init.ts';
import { listDatacenters, listPlans } from '../../instances/offers.ts';
import { AppError, type FieldErrors, invalid, invalidState } from '../../lib/errors.ts';
import type { CreateVps, ReinstallVps, UpdateVps } from './schema.ts';
import { type CreateReferences, findReferences, type PlanColumns, type Vps } from './store.ts';

/**
 * Checks a create request against the install's offers and the team's resources. Throws `validation_failed` with a
 * sentence per field, or `not_available` for an image that is unavailable.
 */
export async function checkCreate(
  db: Queryable,
  plane: Images,
  teamId: number,
  body: CreateVps,
): Promise<{ plan: PlanColumns; authorizedKey: string | null }> {
  const planName = body.resource_profile ?? 'nano_shared';
  const found = await findReferences(db, teamId, {
    plan: planName,
    datacenter: body.datacenter,
    sshKeyId: body.auth_method === 'ssh_key' ? (body.ssh_key_id ?? null) : null,
  });
  const errors: FieldErrors = {
    ...(await offerErrors(db, body, found)),
    ...loginErrors(body, found.ssh_key),
    ...cloudInitErrors(body.custom_cloud_init),
  };
  if (body.marketplace_app_id) {
    errors.marketplace_app_id = ['This install has no marketplace. Leave marketplace_app_id out.'];
  }
  if (body.windows_license_key) {
    errors.windows_license_key = ['This install has no Windows images. Leave windows_license_key out.'];
  }
  const imageError = await imageErrors(plane, body.image);
  if (imageError) errors.image = imageError;
  if (!found.plan || Object.keys(errors).length > 0) throw invalid(errors);
  return {
    plan: { plan: planName, ...planColumns(found.plan) },
    authorizedKey: found.ssh_key?.public_key ?? null,
  };
}

/** How root of a reinstalled server logs in. */
export interface NewLogin {
  authMethod: 'ssh_key' | 'password';
  sshKeyId: number | null;
  authorizedKey: string | null;
  /** Null: it stays. */
  password: string | null;
}

/**
 * The same for a reinstall. What the request leaves out stays as it is, but a key that the team has deleted is not
 * installed again.
 */
export async function checkReinstall(
  db: Queryable,
  plane: Images,
  vps: Vps,
  body: ReinstallVps,
): Promise<NewLogin> {
  const login = requestedLogin(vps, body);
  const isKey = login.auth_method === 'ssh_key';
  const { ssh_key } = await findReferences(db, vps.team_id, {
    plan: vps.plan,
    datacenter: vps.datacenter,
    sshKeyId: isKey ? login.ssh_key_id : null,
  });
  const errors = {
    ...(login.stays ? {} : isKey && login.ssh_key_id === null ? KEY_GONE : loginErrors(login, ssh_key)),
    ...cloudInitErrors(body.custom_cloud_init),
  };
  if (isKey && body.password) errors.password = ['A password is for auth_method password. Leave it out.'];
  if (!isKey && body.ssh_key_id) errors.ssh_key_id = ['A key is for auth_method ssh_key. Leave it out.'];
  const imageError = await imageErrors(plane, body.image);
  if (imageError) errors.image = imageError;
  if (Object.keys(errors).length > 0) throw invalid(errors);
  return {
    authMethod: login.auth_method,
    sshKeyId: ssh_key?.id ?? null,
    authorizedKey: ssh_key?.public_key ?? null,
    password: body.password ?? null,
  };
}

/** A key or password in the request implies its method. `stays`: the present password. */
function requestedLogin(vps: Vps, body: ReinstallVps) {
  const present = vps.auth_method as 'ssh_key' | 'password';
  const auth_method =
    body.auth_method ?? (body.ssh_key_id ? 'ssh_key' : body.password ? 'password' : present);
  return {
    auth_method,
    ssh_key_id: body.ssh_key_id ?? vps.ssh_key_id,
    password: body.password ?? null,
    password_confirmation: body.password_confirmation ?? null,
    stays: auth_method === 'password' && present === 'password' && !body.password,
  };
}

const KEY_GONE: FieldErrors = {
  ssh_key_id: [
    'The SSH key of this server was deleted, or there was none. Name another one in ssh_key_id, or choose a password.',
  ],
};

/** The plan that the request changes to, or null where it does not change the plan. */
export async function planChange(db: Queryable, vps: Vps, body: UpdateVps): Promise<PlanColumns | null> {
  if (!body.resource_profile && !body.cpu_allocation_type) return null;
  const planName = body.resource_profile ?? vps.plan;
  const found = await findReferences(db, vps.team_id, {
    plan: planName,
    datacenter: vps.datacenter,
    sshKeyId: null,
  });
  if (!found.plan) throw invalid({ resource_profile: [await unknownPlan(db)] });
  const mismatch = allocationError(body.cpu_allocation_type, planName, found);
  if (mismatch) throw invalid({ cpu_allocation_type: [mismatch] });
  if (planName === vps.plan) return null;
  if (found.plan.disk_gb < vps.disk_gb) {
    throw invalid({
      resource_profile: [
        `A disk cannot shrink: ${planName} has ${found.plan.disk_gb} GB, the server has ${vps.disk_gb} GB. ` +
          'Choose a plan with a disk at least as large.',
      ],
    });
  }
  if (vps.status === 'error') {
    throw invalidState(
      'The server has a problem (see status_details.error). Mend it before you change its plan.',
      vps.status,
    );
  }
  return { plan: planName, ...planColumns(found.plan) };
}

function planColumns(plan: NonNullable<CreateReferences['plan']>): Omit<PlanColumns, 'plan'> {
  const { vcpu, memory_mb, disk_gb, price_cents, cpu_allocation_type } = plan;
  return { vcpu, memory_mb, disk_gb, price_cents, cpu_allocation_type };
}

async function offerErrors(db: Queryable, body: CreateVps, found: CreateReferences): Promise<FieldErrors> {
  const errors: FieldErrors = {};
  if (!found.plan) errors.resource_profile = [await unknownPlan(db)];
  if (!found.datacenter) {
    const names = await listDatacenters(db);
    errors.datacenter = [`The selected datacenter is not offered here. Choose one of: ${names.join(', ')}.`];
  }
  const mismatch = allocationError(body.cpu_allocation_type, body.resource_profile ?? 'nano_shared', found);
  if (mismatch) errors.cpu_allocation_type = [mismatch];
  return errors;
}

async function unknownPlan(db: Queryable): Promise<string> {
  const names = (await listPlans(db, 'vps')).map((plan) => plan.name);
  return `The selected resource profile is not offered here. Choose one of: ${names.join(', ')}.`;
}

function allocationError(
  wanted: string | null | undefined,
  planName: string,
  found: CreateReferences,
): string | null {
  if (!wanted || !found.plan || wanted === found.plan.cpu_allocation_type) return null;
  return (
    `The plan ${planName} has ${found.plan.cpu_allocation_type} CPUs. Choose a plan with ${wanted} ones, or ` +
    'leave cpu_allocation_type out.'
  );
}

function loginErrors(
  body: Pick<CreateVps, 'auth_method' | 'ssh_key_id' | 'password' | 'password_confirmation'>,
  key: CreateReferences['ssh_key'],
): FieldErrors {
  const errors: FieldErrors = {};
  if (body.auth_method === 'ssh_key') {
    if (!body.ssh_key_id)
      errors.ssh_key_id = ['The ssh_key_id field is required when auth_method is ssh_key.'];
    else if (!key) errors.ssh_key_id = ['The selected SSH key does not exist in this team.'];
  } else {
    if (!body.password) errors.password = ['The password field is required when auth_method is password.'];
  }
  if (body.password_confirmation != null && body.password_confirmation !== body.password) {
    errors.password_confirmation = ['The password confirmation does not match the password.'];
  }
  return errors;
}

function cloudInitErrors(text: string | null | undefined): FieldErrors {
  const problem = text ? checkCloudInit(text) : null;
  return problem ? { custom_cloud_init: [problem] } : {};
}

async function imageErrors(plane: Images, name: string): Promise<string[] | null> {
  // The data plane also lists images of managed services.
  const images = (await plane.listImages()).filter((candidate) => findImage(candidate.name) !== null);
  const image = images.find((candidate) => candidate.name === name);
  if (!image) {
    const names = images
      .filter((candidate) => candidate.state !== 'unavailable')
      .map((candidate) => candidate.name);
    return [`The selected image does not exist. Choose one of: ${names.join(', ')}.`];
  }
  if (image.state === 'unavailable') {
    throw new AppError(
      'not_available',
      `The image ${name} is not available on this install: ${image.reason}`,
      {
        errors: { image: [`The image ${name} is not available on this install: ${image.reason}`] },
      },
    );
  }
  return null;
}
