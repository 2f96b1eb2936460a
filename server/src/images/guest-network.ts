import type { Template } from './recipe.ts';

/** The key of the instance's configuration in Incus that has its network as a file of systemd-networkd. */
export const NETWORK_FILE_KEY = 'user.danube.network-file';

/**
 * The network of images that are built here. Incus writes the file before the first boot, so that neither the network
 * nor SSH waits for cloud-init. It has the name that cloud-init would give it, which drop-ins of customers may refer
 * to.
 */
export const NETWORK_TEMPLATE: Template = {
  target: '/etc/systemd/network/10-cloud-init-eth0.network',
  name: 'danube-network.tpl',
  content: `{{ config_get("${NETWORK_FILE_KEY}", properties.default) }}\n`,
  default: '',
};
