import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef } from '../contract/refs.ts';
import type { IncusContext } from './context.ts';
import { IncusError } from './errors.ts';
import { getInstance, instancePath } from './lookup.ts';

/** Milliseconds between two attempts to start the probe in a guest that is not ready to run it. */
const PAUSE = 250;
/** Seconds that one run of the probe lasts. A new one then starts, in case the guest rebooted meanwhile. */
const PROBE_SECONDS = 60;
/** Seconds after which a stopped instance is no longer assumed to be rebooting. */
const STOPPED_SECONDS = 3;

/** How to find out whether a guest is ready. */
export interface Probe {
  /**
   * A command that waits in the guest for at most this many seconds, and exits with status 0 once the guest is ready.
   */
  command(seconds: number): readonly string[];
  /** What is being waited for; used in the error message. */
  subject: string;
}

/**
 * Runs in the guest, using only programs of the smallest image. Waits until root's login is set up and an SSH server
 * sends its banner on a configured port. Images that are built here set up the login before sshd starts, and leave a
 * file as the proof (`images/guest-login.ts`). In others cloud-init does: its `ssh` module runs after users, passwords
 * and files.
 *
 * sshd may speak before systemd-networkd has set all addresses, of which IPv6 ones can take longer, so the probe waits
 * for these too, but not for long: an interface whose settings the customer has changed may never be `configured`. Nor
 * is it before its link-local address is known to be unique, which takes up to two seconds because LXC sets the interface
 * up before the guest can say that no address needs that. So global addresses and default routes of both families do.
 */
const SSH_SCRIPT = `
clock() { read -r now rest </proc/uptime; now=\${now%%.*}; }
clock
deadline=$((now + $1))
patience=$((now + ($1 < 20 ? $1 / 2 : 10)))
routable() {
  grep -qx IPV4_ADDRESS_STATE=routable "$1" 2>/dev/null && grep -qx IPV6_ADDRESS_STATE=routable "$1" &&
    grep -q '^eth0[[:space:]]00000000[[:space:]]' /proc/net/route &&
    grep -q '^00000000000000000000000000000000 00 .* eth0$' /proc/net/ipv6_route
}
addressed() {
  [ -e /run/systemd/netif/state ] || return 0
  read -r index 2>/dev/null </sys/class/net/eth0/ifindex || return 0
  link=/run/systemd/netif/links/$index
  case $(sed -n 's/^ADMIN_STATE=//p' "$link" 2>/dev/null) in
    '' | pending | initialized | configuring) routable "$link" || { clock; [ "$now" -ge "$patience" ]; } ;;
  esac
}
speaks() {
  if command -v bash >/dev/null; then
    bash -c 'exec 3<>/dev/tcp/127.0.0.1/'"$1"' && read -r -t 2 line <&3 && case $line in SSH-*) ;; *) exit 1 ;; esac' 2>/dev/null
  else
    echo | nc -w 2 127.0.0.1 "$1" 2>/dev/null | head -n 1 | grep -q '^SSH-'
  fi
}
while clock; [ "$now" -lt "$deadline" ]; do
  if [ -e /var/lib/danube/login-of ] || [ -e /var/lib/cloud/instance/sem/config_ssh ]; then
    for port in $(sed -n 's/^[[:space:]]*[Pp]ort[[:space:]]*//p' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf 2>/dev/null) 22; do
      speaks "$port" && addressed && exit 0
    done
  fi
  sleep 0.05 2>/dev/null || sleep 1
done
exit 1
`;

/** Ready when root can log in over SSH. */
export const SSH: Probe = {
  command: (seconds) => ['sh', '-c', SSH_SCRIPT, 'probe', String(seconds)],
  subject: 'SSH',
};

/** Ready when the service's engine has answered an authenticated query. */
export const SERVICE: Probe = {
  command: (seconds) => ['/usr/lib/danube/control', 'ready', String(seconds)],
  subject: 'The service',
};

/**
 * Resolves once the probe succeeds. The probe runs in the guest, so the host needs no route to it. Throws `timeout`,
 * `stopped` where the instance does not run, or `not_found` where it does not exist.
 */
export async function waitUntilReady(
  context: IncusContext,
  ref: InstanceRef,
  probe: Probe,
  timeoutSeconds: number,
): Promise<void> {
  const { path, query } = instancePath(context, ref);
  const deadline = Date.now() + timeoutSeconds * 1000;
  let last: unknown;
  let stoppedSince: number | null = null;
  for (;;) {
    const left = Math.ceil((deadline - Date.now()) / 1000);
    if (left <= 0) break;
    const seconds = Math.min(left, PROBE_SECONDS);
    const options = { query, timeoutSeconds: seconds + 5 };
    try {
      if ((await context.client.exec(path, probe.command(seconds), options)) === 0) return;
    } catch (error) {
      if (!(error instanceof IncusError) || error.code === 'unreachable' || error.code === 'not_found') {
        throw error;
      }
      // The guest is booting, rebooting or stopped.
      last = error;
    }
    const isStopped = (await getInstance(context, ref)).status === 'Stopped';
    stoppedSince = isStopped ? (stoppedSince ?? Date.now()) : null;
    if (stoppedSince !== null && Date.now() - stoppedSince >= STOPPED_SECONDS * 1000) break;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  if (stoppedSince !== null) {
    const message = `${probe.subject} cannot answer: the instance does not run.`;
    throw new DataPlaneError('stopped', message, { cause: last });
  }
  throw new DataPlaneError('timeout', `${probe.subject} did not answer within ${timeoutSeconds} seconds.`, {
    cause: last,
  });
}
