import { stringify } from 'yaml';
import type { Recipe } from './recipes.ts';

/** Files that Incus writes into a new instance, from what its configuration says: cloud-init's source of data. */
interface Template {
  target: string;
  name: string;
  content: string;
  /** What cloud-init is told where the configuration says nothing. The template language knows no line breaks in text. */
  default?: string;
}

const NOTHING = '#cloud-config\n{}';

const SEED = '/var/lib/cloud/seed/nocloud-net';

/** The same layout as the images of the Linux Containers project, so that both kinds are configured alike. */
export const TEMPLATES: readonly Template[] = [
  {
    target: `${SEED}/meta-data`,
    name: 'cloud-init-meta.tpl',
    content: 'instance-id: {{ container.name }}\nlocal-hostname: {{ container.name }}\n',
  },
  {
    target: `${SEED}/user-data`,
    name: 'cloud-init-user.tpl',
    content: '{{ config_get("cloud-init.user-data", properties.default) }}\n',
  },
  {
    target: `${SEED}/vendor-data`,
    name: 'cloud-init-vendor.tpl',
    content: '{{ config_get("cloud-init.vendor-data", properties.default) }}\n',
  },
  {
    target: `${SEED}/network-config`,
    name: 'cloud-init-network.tpl',
    content: '{{ config_get("cloud-init.network-config", properties.default) }}\n',
    default: 'version: 2\nethernets: {eth0: {dhcp4: true}}',
  },
];

/** `metadata.yaml` of an Incus image: https://linuxcontainers.org/incus/docs/main/reference/image_format/ */
export function imageMetadata(recipe: Recipe, architecture: string): string {
  return stringify({
    architecture,
    creation_date: Math.floor(Date.now() / 1000),
    properties: { os: 'Debian', release: recipe.suite, description: recipe.description, architecture },
    templates: Object.fromEntries(
      TEMPLATES.map((template) => [
        template.target,
        {
          when: ['create', 'copy'],
          template: template.name,
          properties: { default: template.default ?? NOTHING },
        },
      ]),
    ),
  });
}
