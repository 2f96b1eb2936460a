import { stringify } from 'yaml';
import type { Recipe, Template } from './recipe.ts';

const NOTHING = '#cloud-config\n{}';

const SEED = '/var/lib/cloud/seed/nocloud-net';

/**
 * cloud-init's data source, in the layout of the Linux Containers project's images, so that both kinds of images are
 * configured alike, except for the network (`guest-network.ts`).
 */
export const CLOUD_INIT_TEMPLATES: readonly Template[] = [
  {
    target: `${SEED}/meta-data`,
    name: 'cloud-init-meta.tpl',
    // No host name: cloud-init would set it before it has read the user-data, which may name another. The login unit has
    // set it already, and a login at that moment would see the wrong one.
    content: 'instance-id: {{ container.name }}\n',
    default: '',
  },
  {
    target: `${SEED}/user-data`,
    name: 'cloud-init-user.tpl',
    content: '{{ config_get("cloud-init.user-data", properties.default) }}\n',
    default: NOTHING,
  },
  {
    target: `${SEED}/vendor-data`,
    name: 'cloud-init-vendor.tpl',
    content: '{{ config_get("cloud-init.vendor-data", properties.default) }}\n',
    default: NOTHING,
  },
];

/** `metadata.yaml` of an Incus image: https://linuxcontainers.org/incus/docs/main/reference/image_format/ */
export function imageMetadata(
  recipe: Recipe,
  architecture: string,
  properties: Record<string, string> = {},
): string {
  return stringify({
    architecture,
    creation_date: Math.floor(Date.now() / 1000),
    properties: {
      os: 'Debian',
      release: recipe.suite,
      description: recipe.description,
      architecture,
      ...properties,
    },
    templates: Object.fromEntries(
      recipe.templates.map((template) => [
        template.target,
        {
          when: ['create', 'copy'],
          template: template.name,
          properties: { default: template.default },
        },
      ]),
    ),
  });
}
