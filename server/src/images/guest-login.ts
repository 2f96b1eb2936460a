import type { RecipeFile, Template } from './recipe.ts';

/**
 * Root's login in images that are built here. It is set up before cloud-init and sshd start, so that nothing in the
 * customer's user-data can delay or prevent it.
 */

export interface RootLogin {
  hostname: string;
  /** For the console, and for SSH with `allowPasswordLogin`. */
  passwordHash: string;
  /** One line of `authorized_keys`; null where root logs in by password. */
  authorizedKey: string | null;
  allowPasswordLogin: boolean;
}

/** The lines that `login` reads, behind the name of the instance. */
export const loginText = ({ hostname, passwordHash, authorizedKey, allowPasswordLogin }: RootLogin): string =>
  [hostname, passwordHash, allowPasswordLogin ? 'password' : 'key', authorizedKey ?? ''].join('\n');

/** The key of the instance's configuration in Incus that has these lines. */
export const LOGIN_KEY = 'user.danube.login';

export const LOGIN_TEMPLATE: Template = {
  target: '/var/lib/danube/login',
  name: 'danube-login.tpl',
  content: `{{ container.name }}\n{{ config_get("${LOGIN_KEY}", properties.default) }}\n`,
  default: '',
};

/**
 * cloud-init writes `ssh_pwauth` to this file and then restarts sshd, which would cut off early SSH sessions. If the
 * file already has that setting, it does not restart sshd.
 */
export const SSHD_SETTINGS_FILE = '/etc/ssh/sshd_config.d/50-cloud-init.conf';

export const sshdSettings = (allowPasswordLogin: boolean): string =>
  allowPasswordLogin
    ? 'PasswordAuthentication yes\nPermitRootLogin yes\n'
    : 'PasswordAuthentication no\nPermitRootLogin prohibit-password\n';

const SCRIPT = `#!/bin/sh
# Written by Danube's image builder. At the first boot of an instance, makes its SSH host keys and sets up root's login,
# before sshd and cloud-init start. With "reload", once cloud-init has set up SSH: lets sshd read what has changed.
set -eu
given=/var/lib/danube/login
finished=/var/lib/danube/login-of
keys=/var/lib/danube/keys-of
known=/run/danube/ssh-settings

settings() {
  cat /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf /etc/ssh/ssh_host_*_key | sha256sum
}

if [ "\${1-}" = reload ]; then
  [ -e "$known" ] || exit 0
  [ "$(settings)" = "$(cat "$known")" ] || systemctl reload-or-restart ssh.service
  exit 0
fi

instance='' hostname='' hash='' method='' key=''
{ IFS= read -r instance && IFS= read -r hostname && IFS= read -r hash && IFS= read -r method && IFS= read -r key; } \\
  <"$given" || true
if [ "$instance" = "$(cat "$finished" 2>/dev/null || true)" ]; then exit 0; fi

# Those of the instance whose snapshot this one was made of are not its own.
if [ "$instance" != "$(cat "$keys" 2>/dev/null || true)" ]; then
  rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
  ssh-keygen -q -t ecdsa -N '' -C "root@$hostname" -f /etc/ssh/ssh_host_ecdsa_key &
  ssh-keygen -q -t ed25519 -N '' -C "root@$hostname" -f /etc/ssh/ssh_host_ed25519_key
  wait $!
  printf '%s\\n' "$instance" >"$keys"
fi
# Without a login, cloud-init alone sets up everything.
[ -n "$hostname" ] || exit 0

printf '%s\\n' "$hostname" >/etc/hostname
hostname "$hostname"
# As usermod does, but without waiting for the disk.
sed -i "s|^root:[^:]*:[^:]*:|root:$hash:$(($(date +%s) / 86400)):|" /etc/shadow
grep -qF -- "root:$hash:" /etc/shadow
case $method in
  password) printf '${sshdSettings(true).replaceAll('\n', '\\n')}' >${SSHD_SETTINGS_FILE} ;;
  *) printf '${sshdSettings(false).replaceAll('\n', '\\n')}' >${SSHD_SETTINGS_FILE} ;;
esac
if [ -n "$key" ]; then
  mkdir -p -m 700 /root/.ssh
  touch /root/.ssh/authorized_keys
  chmod 600 /root/.ssh/authorized_keys
  grep -qxF -- "$key" /root/.ssh/authorized_keys || printf '%s\\n' "$key" >>/root/.ssh/authorized_keys
fi
# The proof that sshd, when it starts with these settings, lets root in.
mkdir -p -m 755 /run/sshd
sshd -T -C user=root,host=localhost,addr=127.0.0.1 >/run/danube-sshd
case $method in
  password) wanted='permitrootlogin yes|passwordauthentication yes' ;;
  *) wanted='permitrootlogin (yes|without-password|prohibit-password)|pubkeyauthentication yes' ;;
esac
[ "$(grep -cxE "$wanted" /run/danube-sshd)" = 2 ]
rm /run/danube-sshd
mkdir -p -m 700 /run/danube
settings >"$known"
printf '%s\\n' "$instance" >"$finished"
`;

const LOGIN_UNIT = `[Unit]
Description=Root's login, as chosen for this server
DefaultDependencies=no
RequiresMountsFor=/etc /root /var/lib/danube
Before=ssh.service systemd-user-sessions.service cloud-init-local.service cloud-init-main.service shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/danube/login

[Install]
WantedBy=sysinit.target
`;

const RELOAD_UNIT = `[Unit]
Description=SSH settings of the user-data
After=cloud-init.service cloud-init-network.service ssh.service

[Service]
Type=oneshot
ExecStart=/usr/lib/danube/login reload

[Install]
WantedBy=multi-user.target
`;

/** There once sshd listens. */
const SSH_IS_UP = '/run/danube-ssh';

/**
 * For two seconds at most, so that cloud-init starts as well where no sshd does. It is no order of units, because a
 * customer may order SSH after something that comes after cloud-init.
 */
const AFTER_SSH = `#!/bin/sh
# Written by Danube's image builder. cloud-init waits here until sshd listens, and does not take its processor time.
tries=0
until [ -e ${SSH_IS_UP} ] || [ "$tries" -ge 40 ]; do
  sleep 0.05
  tries=$((tries + 1))
done
# The other stages do not wait again.
: >${SSH_IS_UP}
`;

export const LOGIN_FILES: readonly RecipeFile[] = [
  { path: '/usr/lib/danube/after-ssh', content: AFTER_SSH, mode: '0755' },
  {
    path: '/etc/systemd/system/ssh.service.d/danube.conf',
    content: `[Service]\nExecStartPost=-/usr/bin/touch ${SSH_IS_UP}\n`,
  },
  { path: '/usr/lib/danube/login', content: SCRIPT, mode: '0755' },
  { path: '/etc/systemd/system/danube-login.service', content: LOGIN_UNIT },
  { path: '/etc/systemd/system/danube-ssh-settings.service', content: RELOAD_UNIT },
];

export const LOGIN_UNITS = ['danube-login.service', 'danube-ssh-settings.service'];

/** The units of cloud-init that its packages order before SSH, the network or the rest of the system. */
const EARLY_UNITS = 'cloud-init-main cloud-init-local cloud-init cloud-init-network';
/** What they come before in the packages, as a pattern of names. */
const SPARED =
  '(sshd(-keygen)?\\.service|systemd-user-sessions\\.service|sysinit\\.target|network-pre\\.target)';

/**
 * Nothing waits for cloud-init: it starts once SSH has, and runs beside it. What user-data includes and its
 * `bootcmd` may take for ever, and even without any, its start takes longer than the rest of the boot. A dependency can
 * only be taken away by replacing the unit.
 */
const BESIDE_THE_BOOT = [
  'install -d -m 700 /var/lib/danube',
  `for unit in ${EARLY_UNITS}; do ` +
    'file=/usr/lib/systemd/system/$unit.service; ' +
    'if [ -e "$file" ]; then ' +
    `sed -E '/^(Before|Wants)=${SPARED}$/d; s/^\\[Unit\\]$/&\\nAfter=basic.target systemd-resolved.service/; ` +
    "s|^\\[Service\\]$|&\\nExecStartPre=-/usr/lib/danube/after-ssh|' " +
    '"$file" >"/etc/systemd/system/$unit.service"; fi; done',
];

/**
 * SSH needs no names of other hosts, so it does not wait for what looks them up: that is there with the network's being
 * online, and before cloud-init.
 */
const NAMES_LATER = [
  "sed -E '/^Before=/{s/ ?(sysinit|network)\\.target//g; s/$/ network-online.target/}' " +
    '/usr/lib/systemd/system/systemd-resolved.service >/etc/systemd/system/systemd-resolved.service',
  "grep -qx 'Before=.*network-online.target' /etc/systemd/system/systemd-resolved.service",
];

const SSH_UTIL = '/usr/lib/python3/dist-packages/cloudinit/ssh_util.py';
const WRITES_KEYS = 'util.write_file(auth_key_fn, content, preserve_mode=True)';

/**
 * cloud-init empties each `authorized_keys` before it writes it, root's too, and whoever logs in at that moment is refused.
 * With this it puts a new file in place of the old one.
 */
const REPLACE_KEYS = `

def replace_keys(name, content):
    # Written by Danube's image builder.
    if not os.path.exists(name):
        util.write_file(name, content, preserve_mode=True)
        return
    old = os.stat(name)
    util.write_file(name + ".new", content, mode=old.st_mode & 0o7777)
    os.chown(name + ".new", old.st_uid, old.st_gid)
    os.rename(name + ".new", name)
`;

const KEYS_AT_ONCE = [
  `[ "$(grep -cF '${WRITES_KEYS}' ${SSH_UTIL})" = 1 ]`,
  `sed -i 's/${WRITES_KEYS}/replace_keys(auth_key_fn, content)/' ${SSH_UTIL}`,
  `cat >>${SSH_UTIL} <<'END'\n${REPLACE_KEYS}END`,
  `python3 -m py_compile ${SSH_UTIL}`,
];

/** To be run in the image. */
export const LOGIN_COMMANDS = [...BESIDE_THE_BOOT, ...NAMES_LATER, ...KEYS_AT_ONCE];
