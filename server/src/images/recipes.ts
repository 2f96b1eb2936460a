import { PROVIDERS } from '../services/registry.ts';
import { applianceRecipe, objectStoreRecipe } from './appliance-recipe.ts';
import { LOGIN_COMMANDS, LOGIN_FILES, LOGIN_TEMPLATE, LOGIN_UNITS } from './guest-login.ts';
import { NETWORK_TEMPLATE } from './guest-network.ts';
import { CLOUD_INIT_TEMPLATES } from './metadata.ts';
import { type Recipe, type RecipeFile, zonePackages } from './recipe.ts';

/** What users expect on a small Debian server, and what Danube needs to set it up. */
const PACKAGES = [
  'systemd-sysv',
  'systemd-resolved',
  'libpam-systemd',
  'dbus',
  'cloud-init',
  'openssh-server',
  'ca-certificates',
  'iproute2',
  'iputils-ping',
  'netbase',
  'curl',
  'wget',
  'gpg',
  'sudo',
  'cron',
  'logrotate',
  'bash-completion',
  'less',
  'nano',
  'vim-tiny',
  'procps',
  'psmisc',
  'rsync',
  'xz-utils',
];

/**
 * One data source and no search for others, and no waiting for what a container does not have. The network is there
 * before the first boot (`guest-network.ts`). Host keys are made by `guest-login.ts`: two fast kinds, since an RSA key
 * takes longer than the rest of the boot.
 */
const CLOUD_INIT = `# Written by Danube's image builder.
datasource_list: [NoCloud]
datasource:
  NoCloud: {}
disable_root: false
ssh_genkeytypes: [ed25519, ecdsa]
ssh_deletekeys: false
no_ssh_fingerprints: true
ssh: {emit_keys_to_console: false}
apt: {preserve_sources_list: true}
manage_etc_hosts: localhost
network: {config: disabled}
cloud_init_modules:
  - seed_random
  - bootcmd
  - write_files
  - set_hostname
  - update_hostname
  - update_etc_hosts
  - ca_certs
  - users_groups
  - ssh
cloud_config_modules:
  - ssh_import_id
  - locale
  - set_passwords
  - apt_configure
  - ntp
  - timezone
  - disable_ec2_metadata
  - runcmd
cloud_final_modules:
  - package_update_upgrade_install
  - write_files_deferred
  - puppet
  - chef
  - ansible
  - salt_minion
  - scripts_vendor
  - scripts_per_once
  - scripts_per_boot
  - scripts_per_instance
  - scripts_user
  - phone_home
  - final_message
  - power_state_change
`;

/**
 * systemd starts no unit before its generators have ended, and the package's would look for a data source. Like that one,
 * this enables cloud-init unless there is the file that turns it off.
 */
const GENERATOR = `#!/bin/sh
# Written by Danube's image builder, in place of the generator of the package.
[ ! -e /etc/cloud/cloud-init.disabled ] || exit 0
mkdir -p /run/cloud-init "$2/multi-user.target.wants"
: >/run/cloud-init/enabled
ln -s /lib/systemd/system/cloud-init.target "$2/multi-user.target.wants/cloud-init.target"
`;

const FILES: readonly RecipeFile[] = [
  { path: '/etc/cloud/cloud.cfg.d/90-danube.cfg', content: CLOUD_INIT },
  // Debian's installer lists data sources here; with a single one, cloud-init does not search.
  { path: '/etc/cloud/ds-identify.cfg', content: 'policy: enabled\ndatasource: NoCloud\n' },
  { path: '/etc/systemd/system-generators/cloud-init-generator', content: GENERATOR, mode: '0755' },
  {
    // Danube assigns unique addresses, so there is no need to spend a second on duplicate address detection.
    path: '/etc/sysctl.d/60-danube-addresses.conf',
    content: 'net.ipv6.conf.*.accept_dad = 0\n',
  },
  {
    // Containers have no udev. networkd waits for it, unless /sys is read-only.
    path: '/etc/systemd/system/systemd-networkd.service.d/danube.conf',
    content: '[Service]\nBindReadOnlyPaths=/sys\n',
  },
  {
    // The network counts as ready with one family: an instance may have only one, or no network at all.
    path: '/etc/systemd/system/systemd-networkd-wait-online.service.d/danube.conf',
    content:
      '[Unit]\nConditionPathExists=/sys/class/net/eth0\n' +
      '[Service]\nExecStart=\nExecStart=/lib/systemd/systemd-networkd-wait-online --any --timeout=20\n',
  },
  {
    path: '/etc/systemd/journald.conf.d/danube.conf',
    content: '[Journal]\nStorage=persistent\nSystemMaxUse=64M\n',
  },
  {
    // Otherwise it listens for other machines' questions at every address.
    path: '/etc/systemd/resolved.conf.d/danube.conf',
    content: '[Resolve]\nLLMNR=no\nMulticastDNS=no\n',
  },
  { path: '/etc/default/locale', content: 'LANG=C.UTF-8\n' },
  {
    // The package of Debian 12 would choose its btrfs driver, for which a server has no subvolumes, whatever else is in
    // the customer's /etc/docker/daemon.json.
    path: '/etc/systemd/system/docker.service.d/danube.conf',
    content: '[Service]\nEnvironment=DOCKER_DRIVER=overlay2\n',
  },
  {
    // There is no syslog daemon, in whose files the package of Debian 12 would look for failed logins.
    path: '/etc/fail2ban/jail.d/danube.conf',
    content: '[sshd]\nbackend = systemd\n',
  },
];

/**
 * Units for real hardware, and for first-boot tasks that cloud-init does. They are left out by a condition and not by a
 * mask: packages that customers install can bring their own settings for them, and a mask would stay in their way.
 */
const NOT_IN_CONTAINERS = [
  'systemd-firstboot.service',
  'systemd-udev-settle.service',
  'systemd-modules-load.service',
  'systemd-remount-fs.service',
  'systemd-pstore.service',
  'ldconfig.service',
  'modprobe@.service',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'sys-kernel-config.mount',
  'dev-hugepages.mount',
  'cloud-init-hotplugd.socket',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  // The host keeps the time, and guests cannot set it: as in Debian's own systemd-timesyncd.service.
  'chrony.service',
  'ntpsec.service',
  // For mounts of NFS, which the kernel refuses in a container.
  'run-rpc_pipefs.mount',
].map((unit) => ({
  path: `/etc/systemd/system/${unit}.d/danube.conf`,
  content: '[Unit]\nConditionVirtualization=!container\n',
}));

const ENABLED = [
  'systemd-networkd.service',
  'systemd-resolved.service',
  'console-getty.service',
  ...LOGIN_UNITS,
];

const CLEAN_UP = [
  'rm -f /etc/ssh/ssh_host_*_key*',
  'mkdir -p /var/log/journal',
  'ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf',
];

const debian = (id: string, suite: string, description: string): Recipe => ({
  id,
  suite,
  description,
  packages: [...PACKAGES, ...zonePackages(suite)],
  files: [...FILES, ...NOT_IN_CONTAINERS, ...LOGIN_FILES],
  templates: [...CLOUD_INIT_TEMPLATES, LOGIN_TEMPLATE, NETWORK_TEMPLATE],
  commands: [...LOGIN_COMMANDS, `systemctl --quiet enable ${ENABLED.join(' ')}`, ...CLEAN_UP],
  parameters: null,
});

const SYSTEMS = [
  debian('debian-12', 'bookworm', 'Debian 12 (bookworm), built by Danube'),
  debian('debian-13', 'trixie', 'Debian 13 (trixie), built by Danube'),
];

const SERVICES = PROVIDERS.flatMap((provider) =>
  provider.versions.map((version) => applianceRecipe(provider, version)),
);

/** Images for what the platform itself runs in instances. They are built when they are first needed, and never ahead. */
const PLATFORM = [objectStoreRecipe()];

/** All images that are built here, by name: those of servers, of managed services, and of the platform itself. */
export const RECIPES: ReadonlyMap<string, Recipe> = new Map(
  [...SYSTEMS, ...SERVICES, ...PLATFORM].map((recipe) => [recipe.id, recipe]),
);

/** Names of the images of the platform itself. */
export const PLATFORM_IMAGES: readonly string[] = PLATFORM.map((recipe) => recipe.id);

/** Names of the images of managed services. */
export const SERVICE_IMAGES: readonly string[] = SERVICES.map((recipe) => recipe.id);
