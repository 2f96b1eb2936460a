import { firewallText as text } from '../text/firewalls.ts';
import type { Rule } from './firewall-status.tsx';

/** How long the rules before wait for a confirmation of new ones, in seconds. */
export const CONFIRM_WITHIN = 120;

/** What of a rule can be edited. */
export type RuleDraft = Pick<Rule, 'direction' | 'protocol' | 'action' | 'name' | 'description'> & {
  /** For React only; new rules have no id on the server. */
  key: string;
  id?: string;
  ports: string;
  source_ips: readonly string[];
  source_instance_ids: readonly { id: string; type: string }[];
};

export const NEW_RULE = {
  direction: 'inbound',
  protocol: 'tcp',
  action: 'allow',
  name: '',
  description: null,
  source_ips: [],
  source_instance_ids: [],
  ports: '',
} satisfies Omit<RuleDraft, 'key'>;

type Ports = Pick<Rule, 'port' | 'port_range_start' | 'port_range_end'>;

export function portsOf({ port, port_range_start, port_range_end }: Ports): string {
  if (port) return String(port);
  return port_range_start ? `${port_range_start}-${port_range_end}` : '';
}

/** `443` or `8000-8100` as the API takes it. What is neither is left to the server, which says what is wrong. */
export function readPorts(text: string): {
  port?: number;
  port_range_start?: number;
  port_range_end?: number;
} {
  const [first = '', last] = text.split('-').map((part) => part.trim());
  if (first === '') return {};
  return last === undefined
    ? { port: Number(first) }
    : { port_range_start: Number(first), port_range_end: Number(last) };
}

export const hasPorts = ({ protocol }: { protocol: string }): boolean =>
  protocol === 'tcp' || protocol === 'udp';

export const draftOf = (rule: Rule): RuleDraft => ({
  ...rule,
  key: rule.id,
  ports: portsOf(rule),
  source_ips: rule.source_ips ?? [],
  source_instance_ids: rule.source_instance_ids ?? [],
});

/** The rules as a request has them, in their order. */
export const rulesOf = (drafts: readonly RuleDraft[]) =>
  drafts.map((draft, order) => ({
    ...(draft.id ? { id: draft.id } : {}),
    ...(draft.name ? { name: draft.name } : {}),
    ...(draft.description ? { description: draft.description } : {}),
    direction: draft.direction as 'inbound',
    protocol: draft.protocol as 'tcp',
    action: draft.action as 'allow',
    source_ips: [...draft.source_ips],
    source_instance_ids: draft.source_instance_ids.map(({ id, type }) => ({ id, type: type as 'vps' })),
    ...(hasPorts(draft) ? readPorts(draft.ports) : {}),
    order,
  }));

/** Whom a rule is about, in words. */
export function sourcesOf({
  source_ips,
  source_instance_ids,
}: Pick<RuleDraft, 'source_ips' | 'source_instance_ids'>): string {
  const all = [...source_ips, ...(source_instance_ids.length > 0 ? [text.team] : [])];
  const everybody = all.length === 0 || ['0.0.0.0/0', '::/0'].every((net) => all.includes(net));
  return everybody ? text.any : all.join(', ');
}
