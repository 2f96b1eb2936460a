import type { Creation } from '../api/creation.ts';
import { identifierOf, type Target } from './target.ts';

/** What the public provider for the DanubeData API, 0.3, calls a resource and its arguments. */
interface Resource {
  type: string;
  /** Arguments that the provider has, by the member of the request; `true` where both have the same name. */
  takes: Readonly<Record<string, true | string>>;
  /** Arguments that the provider asks for, and the request does not have. */
  adds?: Readonly<Record<string, string>>;
  /** Members that say nothing of their own. */
  without?: readonly string[];
}

const SNAPSHOT = { name: true, description: true } as const;
const INSTANCE = { name: true, datacenter: true, resource_profile: true, version: true } as const;

const RESOURCES: Readonly<Record<string, Resource>> = {
  '/vps': {
    type: 'danubedata_vps',
    takes: {
      name: true,
      image: true,
      datacenter: true,
      resource_profile: true,
      auth_method: true,
      ssh_key_id: true,
      password: true,
      custom_cloud_init: true,
    },
    without: ['password_confirmation'],
  },
  '/database': {
    type: 'danubedata_database',
    takes: { ...INSTANCE, provider: 'engine', database_name: true },
  },
  '/cache': { type: 'danubedata_cache', takes: { ...INSTANCE, provider: 'cache_provider' } },
  '/ssh-keys': { type: 'danubedata_ssh_key', takes: { name: true, public_key: true } },
  '/firewalls': { type: 'danubedata_firewall', takes: { name: true, description: true } },
  '/storage/buckets': {
    type: 'danubedata_storage_bucket',
    takes: { name: true, display_name: true, versioning_enabled: true, public_access: true },
    adds: { region: 'fsn1' },
  },
  // A key that is limited to buckets has no such resource: the provider's keys are for all of the team.
  '/storage/access-keys': {
    type: 'danubedata_storage_access_key',
    takes: { name: true },
    without: ['scope'],
  },
  '/parameter-groups': {
    type: 'danubedata_parameter_group',
    takes: {
      name: true,
      description: true,
      type: true,
      provider_type: true,
      family: true,
      parameters: true,
    },
  },
  '/snapshots/vps': {
    type: 'danubedata_vps_snapshot',
    takes: { ...SNAPSHOT, vps_instance_id: true },
  },
  '/snapshots/database': {
    type: 'danubedata_database_snapshot',
    takes: { ...SNAPSHOT, database_instance_id: true },
  },
  '/snapshots/cache': {
    type: 'danubedata_cache_snapshot',
    takes: { ...SNAPSHOT, cache_instance_id: true },
  },
};

/** The request as a Terraform configuration; null where the provider cannot say the same. */
export function terraformOf(creation: Creation, { url }: Target): string | null {
  const resources = blocksOf(creation);
  if (resources === null) return null;
  return [
    'terraform {\n  required_providers {\n    danubedata = {\n      source = "AdrianSilaghi/danubedata"\n    }\n  }\n}',
    `provider "danubedata" {\n  base_url = ${text(`${url}/api/v1`)}\n}`,
    ...resources,
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

/** The resource, after those that it refers to. */
function blocksOf({ path, body, first }: Creation): string[] | null {
  const resource = RESOURCES[path];
  const before = first ? blocksOf(first.creation) : [];
  if (!resource || !before) return null;
  const given = Object.entries(body).filter(
    ([name, value]) => !isEmpty(value) && !resource.without?.includes(name),
  );
  if (given.some(([name]) => !resource.takes[name])) return null;
  const lines: [string, string][] = given.map(([name, value]) => [
    resource.takes[name] === true ? name : String(resource.takes[name]),
    literal(value),
  ]);
  for (const [name, value] of Object.entries(resource.adds ?? {})) lines.push([name, text(value)]);
  if (first) lines.push([first.member, `${addressOf(first.creation)}.${first.at.at(-1)}`]);
  const width = Math.max(...lines.map(([name]) => name.length));
  const inner = lines.map(([name, value]) => `  ${name.padEnd(width)} = ${value}\n`).join('');
  return [...before, `resource "${resource.type}" "${labelOf(body)}" {\n${inner}}`];
}

/** What is so anyway where nobody says it. */
const isEmpty = (value: unknown): boolean => value === null || value === false || value === '';

const labelOf = (body: Creation['body']): string => identifierOf(String(body.name ?? ''), 'main');
const addressOf = ({ path, body }: Creation): string => `${RESOURCES[path]?.type}.${labelOf(body)}`;

/** A value; of objects the provider only takes maps of strings. */
function literal(value: unknown): string {
  if (typeof value === 'string') return text(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const lines = Object.entries(value).map(
    ([name, member]) => `    ${text(name)} = ${text(String(member))}\n`,
  );
  return lines.length === 0 ? '{}' : `{\n${lines.join('')}  }`;
}

/** A string of HCL, in which nothing is a template, and of whose escapes JSON has two more (HCL native syntax, "Quoted Templates"). */
const text = (value: string): string =>
  JSON.stringify(value).replace(/\\.|[$%]\{/g, (found) => ESCAPES[found] ?? found);

const ESCAPES: Readonly<Record<string, string>> = {
  '\\b': '\\u0008',
  '\\f': '\\u000c',
  '${': '$${',
  '%{': '%%{',
};
