import type { GuestLog, GuestReport, ListeningPort } from '../contract/compute.ts';
import { DataPlaneError } from '../contract/errors.ts';
import type { InstanceRef } from '../contract/refs.ts';
import type { IncusContext } from './context.ts';
import { explainExec } from './control.ts';
import { instancePath } from './lookup.ts';

const SECONDS = 10;
const SLACK = 10;
const MAX_REPORT = 512 * 1024;
const MAX_LOG = 256 * 1024;

/**
 * Prints a word and a value in each line, using only programs of the smallest image. In /proc/net, 0A is a TCP socket
 * that listens, and 07 a UDP socket without a peer. cloud-init's last message on a module says which one is at work. Until
 * it starts, it has no status.
 */
const SCRIPT = `
cd /proc/net && for kind in tcp tcp6 udp udp6; do
  [ -r $kind ] && awk -v kind=$kind -v state=$([ "\${kind#udp}" = "$kind" ] && echo 0A || echo 07) \
    '$4 == state { print kind, $2 }' $kind | sort -u | head -n 2000
done
sed -n 's/^[[:space:]]*[Pp]ort[[:space:]][[:space:]]*\\([0-9]*\\).*/ssh \\1/p' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf 2>/dev/null
cd /var/lib/cloud 2>/dev/null || exit 0
if [ -e /run/cloud-init/enabled ] && [ ! -e data/status.json ]; then echo 'status {}'; exit 0; fi
tail -c 20000 /var/log/cloud-init.log 2>/dev/null | sed -n 's/.* start: [a-z-]*\\/\\([a-z0-9_-]*\\):.*/module \\1/p' | tail -n 1
sed -n 's/^\\([a-z_]*\\):.*/key \\1/p' instance/cloud-config.txt 2>/dev/null
tr -d '\\n' <data/status.json 2>/dev/null | sed 's/^/status /'
exit 0
`;

/** Implements `Compute.describeGuest`. */
export async function describeGuest(context: IncusContext, ref: InstanceRef): Promise<GuestReport> {
  const { status, stdout, stderr } = await inGuest(context, ref, ['sh', '-c', SCRIPT], MAX_REPORT);
  if (status !== 0) {
    throw new DataPlaneError(status === 124 ? 'timeout' : 'failed', 'The server did not say how it is.', {
      detail: `status ${status}: ${stderr.slice(0, 500)}`,
    });
  }
  return readReport(stdout);
}

/** Implements `Compute.readGuestLog`. */
export async function readGuestLog(
  context: IncusContext,
  ref: InstanceRef,
  log: GuestLog,
): Promise<string | null> {
  if (log === 'console') {
    const { path, query } = instancePath(context, ref);
    const text = await context.client.readText(`${path}/console`, 4 * MAX_LOG, { query });
    return text.slice(-MAX_LOG);
  }
  const command = ['tail', '-c', String(MAX_LOG), `/var/log/${log}.log`];
  const { status, stdout } = await inGuest(context, ref, command, MAX_LOG);
  return status === 0 ? stdout : null;
}

/** Throws `invalid` where the instance does not run. */
async function inGuest(
  context: IncusContext,
  ref: InstanceRef,
  command: readonly string[],
  limit: number,
): Promise<{ status: number; stdout: string; stderr: string }> {
  const { path, query } = instancePath(context, ref);
  const limited = ['timeout', String(SECONDS), ...command];
  try {
    return await context.client.execRecorded(path, limited, limit, {
      query,
      timeoutSeconds: SECONDS + SLACK,
    });
  } catch (error) {
    throw explainExec(error);
  }
}

/** Reads what the script prints; what is not as expected is left out. */
export function readReport(text: string): GuestReport {
  const words = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, word = '', value = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    words.set(word, [...(words.get(word) ?? []), value]);
  }
  const of = (word: string): string[] => words.get(word) ?? [];
  const sshPorts = [...new Set(of('ssh').map(Number))].filter((port) => port > 0 && port < 65_536);
  const [status] = of('status');
  return {
    listening: listeningPorts(
      (['tcp', 'tcp6', 'udp', 'udp6'] as const).flatMap((kind) => of(kind).map((at) => [kind, at])),
    ),
    sshPorts: sshPorts.length > 0 ? sshPorts : [22],
    cloudInit:
      status === undefined ? null : { ...readStatus(status, of('module')[0]), keys: of('key').sort() },
  };
}

type Kind = 'tcp' | 'tcp6' | 'udp' | 'udp6';

function listeningPorts(sockets: readonly (readonly [Kind, string])[]): ListeningPort[] {
  const ports = new Map<string, ListeningPort>();
  for (const [kind, at] of sockets) {
    const [, address = '', hex = ''] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(at) ?? [];
    if (address === '' || isInner(address)) continue;
    const protocol = kind.startsWith('tcp') ? 'tcp' : 'udp';
    // A socket at :: takes IPv4 as well, unless its program has turned that off.
    const family = !kind.endsWith('6') ? 'ipv4' : /^0+$/.test(address) ? null : 'ipv6';
    const port = Number.parseInt(hex, 16);
    const key = `${protocol} ${port}`;
    const present = ports.get(key);
    ports.set(key, { protocol, port, family: present && present.family !== family ? null : family });
  }
  return [...ports.values()].sort((a, b) => a.protocol.localeCompare(b.protocol) || a.port - b.port);
}

/**
 * Loopback and link-local addresses, as the kernel prints them: words of four bytes, each in the order of the machine,
 * of which all that Danube runs on have the last byte first.
 */
const isInner = (address: string): boolean =>
  /^......7F$|^0{24}01000000$|^0{16}FFFF0000......7F$|^....80FE/.test(address);

function readStatus(json: string, module: string | undefined): { running: string | null; errors: string[] } {
  let v1: Record<string, unknown> = {};
  try {
    v1 = (JSON.parse(json) as { v1?: Record<string, unknown> }).v1 ?? {};
  } catch {
    // Half a file, while cloud-init writes it.
  }
  const stages = Object.values(v1).filter((stage) => stage !== null && typeof stage === 'object');
  const errors = stages.flatMap((stage) => (stage as { errors?: unknown }).errors ?? []);
  const stage = typeof v1.stage === 'string' ? v1.stage : null;
  const last = (v1['modules-final'] as { finished?: number | null } | undefined)?.finished ?? null;
  return {
    running: stage === null && last !== null ? null : (module ?? stage ?? 'init'),
    errors: errors.map((error) => String(error).slice(0, 500)),
  };
}
