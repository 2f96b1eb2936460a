import type { Instance } from '../../instances/store.ts';
import {
  type Family,
  formatAddress,
  InvalidAddress,
  parseAddress,
} from '../../lib/packet-filter/addresses.ts';
import { evaluate } from '../../lib/packet-filter/evaluate.ts';
import type { Action, Direction, Policies } from '../../lib/packet-filter/policy.ts';
import { addressBook } from './instances.ts';
import { type StoredRule, toPolicy } from './rule.ts';
import { FieldErrorList } from './rules.ts';
import type { FirewallTested, TestFirewall } from './schema.ts';
import type { Firewall } from './store.ts';
import { attachedTo, type TeamFirewalls } from './team-firewalls.ts';
import { viewRule } from './view.ts';

/**
 * One evaluation of the packet: by an instance that sends or receives it, or by the firewall alone (`instance` is
 * null).
 */
interface Look {
  direction: Direction;
  peer: string;
  instance: Instance | null;
}

interface Judgement {
  verdict: Action;
  direction: Direction;
  /** Null: the default decided. */
  decidedBy: { firewall: Pick<Firewall, 'id' | 'name'>; rule: StoredRule; number: number } | null;
}

/**
 * Simulates the first packet of a connection: with this firewall's saved rules, including drafts, and other firewalls'
 * effective rules. Evaluates it for each attached instance that has the source or destination address; if there is
 * none, as an inbound packet. Throws `validation_failed`.
 */
export function simulatePacket(firewall: Firewall, team: TeamFirewalls, body: TestFirewall): FirewallTested {
  const { source, destination } = readPacket(body);
  const looks = looksAt(firewall, team, source, destination);
  const own = looks.map((look) => judge([firewall], team, look, body));
  // A packet between two attached instances passes where both allow it; the last evaluation is the receiver's.
  const decisive = own.find(({ verdict }) => verdict === 'deny') ?? own.at(-1)!;
  return {
    ...show(decisive),
    instances: looks.flatMap((look) => {
      if (!look.instance) return [];
      const { id, kind: type, name } = look.instance;
      const judgement = judge(firewallsOf(firewall, team, id), team, look, body);
      const decider = judgement.decidedBy?.firewall;
      return [
        {
          id,
          type,
          name,
          ...show(judgement),
          firewall: decider ? { id: decider.id, name: decider.name } : null,
        },
      ];
    }),
  };
}

function readPacket({ source, destination, protocol, port }: TestFirewall) {
  const errors = new FieldErrorList();
  const addresses = {
    source: readAddress(source, 'source', errors),
    destination: readAddress(destination, 'destination', errors),
  };
  if (addresses.source && addresses.destination && addresses.source.family !== addresses.destination.family) {
    errors.add('destination', 'Source and destination must be of one family, both IPv4 or both IPv6.');
  }
  const hasPorts = protocol === 'tcp' || protocol === 'udp';
  if (hasPorts && port == null) errors.add('port', `The port field is required with ${protocol}.`);
  if (!hasPorts && port != null) errors.add('port', `${protocol} has no ports. Leave the port out.`);
  errors.throw();
  return { source: addresses.source!.text, destination: addresses.destination!.text };
}

/** The canonical form of an address, so that texts can be compared. */
function readAddress(
  text: string,
  field: string,
  errors: FieldErrorList,
): { family: Family; text: string } | null {
  try {
    const { family, value } = parseAddress(text);
    return { family, text: formatAddress(family, value) };
  } catch (error) {
    if (!(error instanceof InvalidAddress)) throw error;
    errors.add(field, error.message);
    return null;
  }
}

function looksAt(firewall: Firewall, team: TeamFirewalls, source: string, destination: string): Look[] {
  const attached = attachedTo(team, firewall.id).flatMap(({ id }) => team.instances.get(id) ?? []);
  const owner = (address: string) => attached.find(({ ipv4, ipv6 }) => ipv4 === address || ipv6 === address);
  const sender = owner(source);
  const receiver = owner(destination);
  const looks: Look[] = [];
  if (sender) looks.push({ direction: 'outbound', peer: destination, instance: sender });
  if (receiver || !sender) looks.push({ direction: 'inbound', peer: source, instance: receiver ?? null });
  return looks;
}

type Rules = Pick<Firewall, 'id' | 'name' | 'rules'>;

/** All firewalls of an instance: this one with its saved rules, the others with their effective rules. */
function firewallsOf(firewall: Firewall, team: TeamFirewalls, instanceId: string): Rules[] {
  const ids = new Set(
    team.attachments.filter(({ id }) => id === instanceId).map(({ firewall_id }) => firewall_id),
  );
  return team.firewalls
    .filter(({ id }) => ids.has(id))
    .map((other) => (other.id === firewall.id ? firewall : { ...other, rules: other.effective_rules }));
}

function judge(
  firewalls: readonly Rules[],
  team: TeamFirewalls,
  look: Look,
  packet: TestFirewall,
): Judgement {
  const addresses = addressBook([...team.instances.values()]);
  const policies: Policies = firewalls.map(({ rules }) => toPolicy(rules, addresses));
  const { direction, peer } = look;
  const { allowed, decidedBy } = evaluate(policies, {
    direction,
    peer,
    protocol: packet.protocol,
    port: packet.port ?? null,
  });
  const verdict = allowed ? 'allow' : 'deny';
  if (!decidedBy) return { verdict, direction, decidedBy: null };
  const firewall = firewalls[decidedBy.policy]!;
  const index = firewall.rules.findIndex(({ id }) => id === decidedBy.rule.id);
  return {
    verdict,
    direction,
    decidedBy: { firewall, rule: firewall.rules[index]!, number: index + 1 },
  };
}

function show({ verdict, direction, decidedBy }: Judgement) {
  return { verdict, direction, rule: decidedBy && viewRule(decidedBy.rule), message: explain() };

  function explain(): string {
    if (!decidedBy) {
      return direction === 'inbound'
        ? 'It is dropped: no rule lets it in.'
        : 'It passes: no rule keeps it from going out.';
    }
    const { rule, number, firewall } = decidedBy;
    const name = rule.name === null ? `Rule ${number}` : `Rule ${number} “${rule.name}”`;
    const [lets, keeps] =
      direction === 'inbound'
        ? ['lets it in', 'keeps it from coming in']
        : ['lets it out', 'keeps it from going out'];
    return `${name} of “${firewall.name}” ${verdict === 'allow' ? lets : keeps}.`;
  }
}
