import { type Family, parseAddress } from '../../lib/packet-filter/addresses.ts';
import { run } from '../../lib/run.ts';
import type { TenantNetwork } from '../contract/networks.ts';

/**
 * A connection in the kernel's connection table (conntrack). Network rules only judge the first packet of a connection:
 * later packets pass as long as the connection is in the table, even if the rules have changed.
 */
export interface Connection {
  /** IANA protocol number. */
  protocol: number;
  /** The address that opened it. */
  from: string;
  /** The address it reached: for a published port, the instance's. */
  to: string;
  /** The destination port; null for protocols without ports. */
  port: number | null;
  /** The original direction, by which the kernel identifies the connection. */
  begun: Readonly<Record<string, string>>;
}

/**
 * Parses a line of `conntrack -L -o extended`, which lists each end twice: as the connection was opened, and as replies
 * come. Null for any other line.
 */
export function parseConnection(line: string): Connection | null {
  const [family = '', , , protocol = ''] = line.trim().split(/\s+/, 4);
  const fields = [...line.matchAll(/ (\w+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value] as const);
  const turn = fields.findLastIndex(([key]) => key === 'src');
  if (!/^ipv[46]$/.test(family) || !/^\d+$/.test(protocol) || turn < 1) return null;
  const begun = Object.fromEntries(fields.slice(0, turn));
  const answer = new Map(fields.slice(turn).reverse());
  const port = answer.get('sport');
  return {
    protocol: Number(protocol),
    from: begun.src ?? '',
    to: answer.get('src') ?? '',
    port: port === undefined ? null : Number(port),
    begun,
  };
}

/** Connections that may involve a team's subnets: from them, to them, or redirected to them. Needs root. */
export async function listConnections(network: TenantNetwork): Promise<Connection[]> {
  const wanted = (['ipv4', 'ipv6'] as const).flatMap((family) =>
    [['--orig-src', network[family].subnet], ['--orig-dst', network[family].subnet], ['--dst-nat']].map(
      (filter) => ['-L', '-o', 'extended', '-f', family, ...filter],
    ),
  );
  const listed = await Promise.all(wanted.map((args) => run('conntrack', args)));
  return listed.flatMap(({ stdout }) => stdout.split('\n').flatMap((line) => parseConnection(line) ?? []));
}

/**
 * Perl program that sends each netlink message of its input to the kernel and waits for the acknowledgement. Perl,
 * because every Debian has it; conntrack(8) scans the whole table for each deletion, which takes minutes for thousands.
 */
const SEND = `
use Socket;
socket(my $kernel, 16, SOCK_RAW, 12) or die "netlink: $!";
binmode STDIN;
local $/;
my $rest = <STDIN>;
while (length $rest) {
  send($kernel, substr($rest, 0, unpack('L', $rest), ''), 0) or die "netlink: $!";
  defined recv($kernel, my $answer, 65536, 0) or die "netlink: $!";
  $! = -unpack('x16 l', $answer);
  die "conntrack: $!" if $! && !$!{ENOENT};
}`;

/** Deletes connections from the kernel's table. One that has already ended is no error. Needs root. */
export async function deleteConnections(connections: readonly Connection[]): Promise<void> {
  if (connections.length === 0) return;
  await run('perl', ['-MErrno', '-e', SEND], { input: Buffer.concat(connections.map(deletionMessage)) });
}

/** From linux/netfilter/nfnetlink.h and nfnetlink_conntrack.h: IPCTNL_MSG_CT_DELETE of NFNL_SUBSYS_CTNETLINK. */
const DELETE = (1 << 8) | 2;
/** NLM_F_REQUEST and NLM_F_ACK. */
const FLAGS = 1 | 4;
const [TUPLE_ORIG, TUPLE_IP, TUPLE_PROTO, PROTO_NUM] = [1, 1, 2, 1];
/** AF_INET and AF_INET6. */
const FAMILY_NUMBER: Record<Family, number> = { ipv4: 2, ipv6: 10 };
/** Attributes of the protocol part, by their name in conntrack's output: attribute number and length in bytes. */
const PORTS = { sport: [2, 2], dport: [3, 2], srckey: [2, 2], dstkey: [3, 2] } as const;
const ICMP = { id: [4, 2], type: [5, 1], code: [6, 1] } as const;
const ICMPV6 = { id: [7, 2], type: [8, 1], code: [9, 1] } as const;

/**
 * A netlink message that deletes the connection: header, family, and the connection as nested attributes. Numbers
 * within attributes are in network byte order.
 */
function deletionMessage({ protocol, begun }: Connection): Buffer {
  const ends = [begun.src ?? '', begun.dst ?? ''].map(parseAddress);
  const family = ends[0]?.family ?? 'ipv4';
  const first = family === 'ipv4' ? 1 : 3;
  const bytes = family === 'ipv4' ? 4 : 16;
  const parts = protocol === 1 ? ICMP : protocol === 58 ? ICMPV6 : PORTS;
  const members = Object.entries(parts).flatMap(([key, [number, length]]) =>
    begun[key] === undefined ? [] : [attribute(number, bigEndian(BigInt(begun[key]), length))],
  );
  const tuple = nested(
    TUPLE_ORIG,
    nested(TUPLE_IP, ...ends.map(({ value }, index) => attribute(first + index, bigEndian(value, bytes)))),
    nested(TUPLE_PROTO, attribute(PROTO_NUM, Buffer.from([protocol])), ...members),
  );
  // Sequence number and sender port are unused and 0, and so are the version and resource id of nfnetlink.
  const rest = [
    hostOrder(Uint16Array.of(DELETE, FLAGS)),
    Buffer.alloc(8),
    Buffer.of(FAMILY_NUMBER[family], 0, 0, 0),
  ];
  const length = 4 + Buffer.concat(rest).length + tuple.length;
  return Buffer.concat([hostOrder(Uint32Array.of(length)), ...rest, tuple]);
}

/** A netlink attribute: length and type, then the value, padded to four bytes. */
function attribute(type: number, value: Buffer): Buffer {
  const head = hostOrder(Uint16Array.of(4 + value.length, type));
  return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)]);
}

/** An attribute of attributes, marked with NLA_F_NESTED. */
const nested = (type: number, ...members: Buffer[]): Buffer =>
  attribute(type | 0x8000, Buffer.concat(members));

const hostOrder = (numbers: Uint16Array | Uint32Array): Buffer => Buffer.from(numbers.buffer);

const bigEndian = (value: bigint, bytes: number): Buffer =>
  Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex');
